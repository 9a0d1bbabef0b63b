import PoiseFiles

/// A safetensors file (Hugging Face): eight bytes with the length of a JSON header, the header, and the tensors' bytes.
/// Opening reads and validates the header only; tensors are converted when they are read.
public struct SafeTensorsFile: Sendable {
  public let path: String
  public let tensors: [String: SafeTensor]
  /// Names in the order of their bytes.
  public let names: [String]
  public let metadata: [String: String]

  private let file: MappedFile
  /// Where the buffer begins, in bytes from the start of the file.
  private let bufferStart: Int

  /// - Throws: `FileError` where there is no readable file, `CheckpointError` where it breaks a rule of the format.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    let header = try Self.header(of: file, path)
    self.path = path
    self.file = file
    bufferStart = header.bufferStart
    names = header.header.tensors.map(\.name)
    tensors = Dictionary(uniqueKeysWithValues: header.header.tensors.map { ($0.name, $0) })
    metadata = header.header.metadata
  }

  /// Converts a tensor to floats, in its own row-major order: F32, F16 and BF16 exactly, F64 rounded.
  /// - Parameter shape: what the caller takes the tensor for; only the number of elements is checked without it.
  /// - Throws: `.missingTensor`, `.wrongShape` or `.unexpectedDtype`; nothing has been written then.
  public func read(
    _ name: String, shape: [Int]? = nil, into destination: consuming MutableSpan<Float>
  ) throws(CheckpointError) {
    guard let tensor = tensors[name] else { throw .missingTensor(path: path, tensor: name) }
    guard tensor.count == destination.count, shape == nil || shape == tensor.shape else {
      throw .wrongShape(path: path, tensor: name, expected: shape ?? [destination.count], found: tensor.shape)
    }
    let range = bufferStart + tensor.range.lowerBound..<bufferStart + tensor.range.upperBound
    defer { file.release(range) }  // or a checkpoint would be there twice when all of it has been read
    let bytes = file.bytes.extracting(range)
    switch tensor.type {
    case .float32 where 1.littleEndian == 1: copy(bytes, into: destination)
    case .float32: convert(bytes, into: destination) { (word: UInt32) in Float(bitPattern: word) }
    case .float16: convert(bytes, into: destination) { Float(float16: $0) }
    case .bfloat16: convert(bytes, into: destination) { Float(bfloat16: $0) }
    case .float64: convert(bytes, into: destination) { (word: UInt64) in Float(Double(bitPattern: word)) }
    default: throw .unexpectedDtype(path: path, tensor: name, found: tensor.type)
    }
  }

  /// The value of a U64 tensor of one element, as ``SafeTensorsWriter/Tensor/init(_:counters:)`` writes it.
  /// - Throws: `.missingTensor`, `.wrongShape`, or `.unexpectedDtype` also for values that no `Int` holds.
  public func counter(_ name: String) throws(CheckpointError) -> Int {
    guard let tensor = tensors[name] else { throw .missingTensor(path: path, tensor: name) }
    guard tensor.shape == [1] else { throw .wrongShape(path: path, tensor: name, expected: [1], found: tensor.shape) }
    guard tensor.type == .unsigned64 else { throw .unexpectedDtype(path: path, tensor: name, found: tensor.type) }
    let word = file.bytes.unsafeLoadUnaligned(fromByteOffset: bufferStart + tensor.range.lowerBound, as: UInt64.self)
    guard let value = Int(exactly: UInt64(littleEndian: word)) else {
      throw .unexpectedDtype(path: path, tensor: name, found: tensor.type)
    }
    return value
  }

  private static func header(of file: MappedFile, _ path: String) throws -> (header: SafeTensorsHeader, bufferStart: Int) {
    guard file.count >= 8 else { throw CheckpointError.cutShort(path: path, expectedBytes: 8, foundBytes: file.count) }
    let length = UInt64(littleEndian: file.bytes.unsafeLoadUnaligned(as: UInt64.self))
    guard length <= SafeTensorsHeader.longest else {
      throw CheckpointError.badHeader(
        path: path, problem: "its header would be \(length) bytes long, and \(SafeTensorsHeader.longest) are allowed")
    }
    let bufferStart = 8 + Int(length)
    guard bufferStart <= file.count else {
      throw CheckpointError.cutShort(path: path, expectedBytes: bufferStart, foundBytes: file.count)
    }
    let header: SafeTensorsHeader
    do throws(SafeTensorsHeader.Problem) {
      header = try file.bytes.extracting(8..<bufferStart).withUnsafeBytes { bytes throws(SafeTensorsHeader.Problem) in
        try SafeTensorsHeader(parsing: bytes.bindMemory(to: UInt8.self))
      }
    } catch { throw CheckpointError.badHeader(path: path, problem: error.text) }
    try check(bufferCount: header.bufferCount, of: file, bufferStart, path)
    return (header, bufferStart)
  }

  /// The buffer must be exactly what the tensors cover.
  private static func check(bufferCount: Int, of file: MappedFile, _ bufferStart: Int, _ path: String) throws(CheckpointError) {
    let found = file.count - bufferStart
    guard bufferCount <= found else {
      let (expected, overflow) = bufferStart.addingReportingOverflow(bufferCount)
      throw .cutShort(path: path, expectedBytes: overflow ? .max : expected, foundBytes: file.count)
    }
    guard bufferCount == found else {
      throw .badHeader(path: path, problem: "\(found - bufferCount) bytes after the last tensor belong to no tensor")
    }
  }
}

/// Elements that stand in the file as they do in memory, least significant byte first. Copied as bytes they go past the caches,
/// which they do not in a loop.
private func copy(_ bytes: RawSpan, into destination: consuming MutableSpan<Float>) {
  precondition(bytes.byteCount == destination.count * MemoryLayout<Float>.size)
  bytes.withUnsafeBytes { source in destination.withUnsafeMutableBytes { $0.copyMemory(from: source) } }
}

/// Elements may start at any byte: nothing makes a writer align the buffer.
private func convert<Word: FixedWidthInteger & BitwiseCopyable>(
  _ bytes: RawSpan, into destination: consuming MutableSpan<Float>, _ float: (Word) -> Float
) {
  precondition(bytes.byteCount == destination.count * MemoryLayout<Word>.size)
  for index in destination.indices {
    let word = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* MemoryLayout<Word>.size, as: Word.self)
    destination[index] = float(Word(littleEndian: word))
  }
}
