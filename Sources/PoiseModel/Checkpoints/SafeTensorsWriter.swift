import Foundation
import PoiseFiles

/// Writes safetensors files that any reader of the format opens. Tensors are streamed from the memory of their owner.
///
/// ```swift
/// let weight = SafeTensorsWriter.Tensor("wte.weight", shape: [512, 64]) { try $0.write(parameters[embedding]) }
/// try SafeTensorsWriter.write([weight], to: "model.safetensors")
/// ```
public enum SafeTensorsWriter {
  /// A tensor to be written and where its elements come from.
  public struct Tensor {
    let name: String
    let type: TensorElementType
    let shape: [Int]
    let write: (Sink) throws -> Void

    var byteCount: Int { shape.reduce(1, *) * type.width / 8 }

    /// An F32 tensor. `write` is called once and gives the sink all elements, in row-major order, in as many pieces as it
    /// likes.
    public init(_ name: String, shape: [Int], writing write: @escaping (Sink) throws -> Void) {
      self.name = name
      self.type = .float32
      self.shape = shape
      self.write = write
    }

    /// A one-dimensional U64 tensor: step counters and states of random number generators, which floats would round.
    public init(_ name: String, counters: [UInt64]) {
      self.name = name
      type = .unsigned64
      shape = [counters.count]
      write = { sink in try counters.withUnsafeBytes { try sink.write($0) } }
    }
  }

  /// Where a tensor's elements go.
  public final class Sink {
    private let handle: FileHandle
    /// Bytes so far.
    fileprivate private(set) var count = 0

    fileprivate init(_ handle: FileHandle) { self.handle = handle }

    /// The next elements.
    public func write(_ elements: Span<Float>) throws {
      try elements.withUnsafeBytes { try write($0) }
    }

    fileprivate func write(_ bytes: UnsafeRawBufferPointer) throws {
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
      // The data borrows the bytes for the time of the call only.
      let data = Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
      try handle.write(contentsOf: data)
      count += bytes.count
    }
  }

  /// Replaces `path` by a file of these tensors, whole or not at all. They are laid out as the format recommends: wide
  /// elements first, then by name, and the buffer starts at a multiple of 8 bytes.
  /// - Parameter metadata: `format` is what Hugging Face transformers looks for.
  /// - Precondition: names are unique, none is `__metadata__`, and every tensor writes what its shape says.
  /// - Throws: `.cannotCreate`, or `.writeFailed` with the reason, also where a tensor's own closure throws.
  public static func write(
    _ tensors: [Tensor], to path: String, metadata: [String: String] = ["format": "pt"]
  ) throws(FileError) {
    let tensors = sorted(tensors)
    try Files.replace(path) { handle in
      let sink = Sink(handle)
      try header(of: tensors, metadata).withUnsafeBytes { try sink.write($0) }
      for tensor in tensors {
        let start = sink.count
        try tensor.write(sink)
        precondition(sink.count - start == tensor.byteCount, "tensor \(tensor.name) wrote \(sink.count - start) bytes")
      }
    }
  }

  private static func sorted(_ tensors: [Tensor]) -> [Tensor] {
    precondition(Set(tensors.map(\.name)).union(["__metadata__"]).count == tensors.count + 1, "names of tensors must be unique")
    return tensors.sorted { a, b in
      a.type.width == b.type.width ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : a.type.width > b.type.width
    }
  }

  private static func header(of tensors: [Tensor], _ metadata: [String: String]) -> [UInt8] {
    var object = JSON.Object()
    if !metadata.isEmpty {
      var strings = JSON.Object()
      for key in metadata.keys.sorted() { strings[key] = .string(metadata[key]!) }
      object["__metadata__"] = .object(strings)
    }
    var end = 0
    for tensor in tensors {
      let start = end
      end += tensor.byteCount
      object[tensor.name] = [
        "dtype": .string(tensor.type.rawValue), "shape": JSON(tensor.shape), "data_offsets": JSON([start, end]),
      ]
    }
    var text = Array(JSON.object(object).line.utf8)
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}
