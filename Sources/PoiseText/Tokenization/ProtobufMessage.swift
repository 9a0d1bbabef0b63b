import PoiseFiles

/// The fields of a protocol-buffer message in the order of its bytes.
struct ProtobufMessage {
  enum Value {
    case integer(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
    case fixed64(UInt64)
  }

  private var rest: ArraySlice<UInt8>
  private let path: String

  init(_ bytes: ArraySlice<UInt8>, path: String) {
    rest = bytes
    self.path = path
  }

  /// - Returns: nil at the end of the message.
  /// - Throws: `DataError` (`.configuration`) with the place where the bytes are no such message.
  mutating func next() throws(DataError) -> (field: UInt64, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let tag = try integer()
    let value: Value =
      switch tag & 7 {
      case 0: .integer(try integer())
      case 1: .fixed64(try fixed(bytes: 8))
      case 2: .bytes(try take(try integer()))
      case 5: .fixed32(UInt32(try fixed(bytes: 4)))
      default: throw malformed()
      }
    return (tag >> 3, value)
  }

  /// Seven bits a byte, the lowest first; the last byte is below 128.
  private mutating func integer() throws(DataError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw malformed() }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw malformed()
  }

  private mutating func fixed(bytes count: UInt64) throws(DataError) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: UInt64) throws(DataError) -> ArraySlice<UInt8> {
    guard count <= UInt64(rest.count) else { throw malformed() }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }

  private func malformed() -> DataError {
    DataError(
      path, "this is not a SentencePiece model: byte \(rest.startIndex) is not what a protocol buffer has there.",
      category: .configuration)
  }
}
