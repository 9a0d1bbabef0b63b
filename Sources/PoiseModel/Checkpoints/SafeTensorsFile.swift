import PoiseFiles

/// A safetensors file (Hugging Face): eight bytes with the length of a JSON header, the header, and the tensors' bytes.
/// Opening reads and validates the header only; tensors are converted when they are read.
///
/// Nothing is mapped into memory: a file that somebody cuts short or overwrites meanwhile is an error, or other numbers, and not a
/// signal that ends the process.
public struct SafeTensorsFile: Sendable {
  public let path: String
  public let tensors: [String: SafeTensor]
  /// Names in the order of their bytes.
  public let names: [String]
  public let metadata: [String: String]

  private let file: OpenedFile
  /// Where the buffer begins, in bytes from the start of the file.
  private let bufferStart: Int

  /// - Throws: `FileError` where there is no readable file, `CheckpointError` where it breaks a rule of the format.
  public init(path: String) throws {
    let file = try OpenedFile(path: path)
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
  /// - Throws: `.missingTensor`, `.wrongShape` or `.unexpectedDtype`, and nothing has been written then; `.cutShort` or `FileError`
  ///   where the file has changed since it was opened, or the disk fails.
  public func read(
    _ name: String, shape: [Int]? = nil, into destination: consuming MutableSpan<Float>
  ) throws {
    guard let tensor = tensors[name] else { throw CheckpointError.missingTensor(path: path, tensor: name) }
    guard tensor.count == destination.count, shape == nil || shape == tensor.shape else {
      throw CheckpointError.wrongShape(path: path, tensor: name, expected: shape ?? [destination.count], found: tensor.shape)
    }
    let start = bufferStart + tensor.range.lowerBound
    switch tensor.type {
    case .float32 where 1.littleEndian == 1: try destination.withUnsafeMutableBytes { try file.read(at: start, into: $0) }
    case .float32: try convert(at: start, into: destination) { (word: UInt32) in Float(bitPattern: word) }
    case .float16: try convert(at: start, into: destination) { Float(float16: $0) }
    case .bfloat16: try convert(at: start, into: destination) { Float(bfloat16: $0) }
    case .float64: try convert(at: start, into: destination) { (word: UInt64) in Float(Double(bitPattern: word)) }
    default: throw CheckpointError.unexpectedDtype(path: path, tensor: name, found: tensor.type)
    }
  }

  /// The value of a U64 tensor of one element, as ``SafeTensorsWriter/Tensor/init(_:counters:)`` writes it.
  /// - Throws: `.missingTensor`, `.wrongShape`, or `.unexpectedDtype` also for values that no `Int` holds.
  public func counter(_ name: String) throws -> Int {
    guard let tensor = tensors[name] else { throw CheckpointError.missingTensor(path: path, tensor: name) }
    guard tensor.shape == [1] else {
      throw CheckpointError.wrongShape(path: path, tensor: name, expected: [1], found: tensor.shape)
    }
    guard tensor.type == .unsigned64 else { throw CheckpointError.unexpectedDtype(path: path, tensor: name, found: tensor.type) }
    var word: UInt64 = 0
    try withUnsafeMutableBytes(of: &word) { try file.read(at: bufferStart + tensor.range.lowerBound, into: $0) }
    guard let value = Int(exactly: UInt64(littleEndian: word)) else {
      throw CheckpointError.unexpectedDtype(path: path, tensor: name, found: tensor.type)
    }
    return value
  }

  /// Elements of other types, by way of a block that stays in the caches.
  private func convert<Word: FixedWidthInteger & BitwiseCopyable>(
    at start: Int, into destination: consuming MutableSpan<Float>, _ float: (Word) -> Float
  ) throws {
    let capacity = min(destination.count, 1 << 14)
    try withUnsafeTemporaryAllocation(of: Word.self, capacity: capacity) { block in
      var done = 0
      while done < destination.count {
        let count = min(capacity, destination.count - done)
        let words = UnsafeMutableBufferPointer(rebasing: block[..<count])
        try file.read(at: start + done * MemoryLayout<Word>.size, into: UnsafeMutableRawBufferPointer(words))
        for index in 0..<count { destination[done + index] = float(Word(littleEndian: words[index])) }
        done += count
      }
    }
  }

  private static func header(of file: OpenedFile, _ path: String) throws -> (header: SafeTensorsHeader, bufferStart: Int) {
    guard file.count >= 8 else { throw CheckpointError.cutShort(path: path, expectedBytes: 8, foundBytes: file.count) }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { try file.read(at: 0, into: $0) }
    length = UInt64(littleEndian: length)
    guard length <= SafeTensorsHeader.longest else {
      throw CheckpointError.badHeader(
        path: path, problem: "its header would be \(length) bytes long, and \(SafeTensorsHeader.longest) are allowed")
    }
    let bufferStart = 8 + Int(length)
    guard bufferStart <= file.count else {
      throw CheckpointError.cutShort(path: path, expectedBytes: bufferStart, foundBytes: file.count)
    }
    var text = [UInt8](repeating: 0, count: Int(length))
    try text.withUnsafeMutableBytes { try file.read(at: 8, into: $0) }
    let header: SafeTensorsHeader
    do throws(SafeTensorsHeader.Problem) {
      header = try text.withUnsafeBufferPointer { bytes throws(SafeTensorsHeader.Problem) in
        try SafeTensorsHeader(parsing: bytes)
      }
    } catch { throw CheckpointError.badHeader(path: path, problem: error.text) }
    try check(bufferCount: header.bufferCount, of: file, bufferStart, path)
    return (header, bufferStart)
  }

  /// The buffer must be exactly what the tensors cover.
  private static func check(bufferCount: Int, of file: OpenedFile, _ bufferStart: Int, _ path: String) throws(CheckpointError) {
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
