/// Scalars by step, as TensorBoard reads them: records of TFRecord, each a protocol buffer `tensorflow.Event`.
///
/// A record is its length (8 bytes, little-endian), the masked CRC-32C of those, its bytes, and the masked CRC-32C of these.
public struct EventFile: Sendable {
  public private(set) var bytes: [UInt8] = []

  /// The first record says which format follows.
  public init() {
    var event = ProtocolBuffer()
    event.add(double: 0, field: 1)
    event.add(bytes: Array("brain.Event:2".utf8), field: 3)
    append(event.bytes)
  }

  /// One event with all that is known of a step.
  ///
  /// - Parameters:
  ///   - seconds: since 1970, or since the run began.
  ///   - values: by name; names with a slash are grouped by what stands before it. What single precision cannot hold becomes infinite.
  public mutating func add(step: Int, seconds: Double, values: [(name: String, value: Double)]) {
    var summary = ProtocolBuffer()
    for (name, value) in values {
      var scalar = ProtocolBuffer()
      scalar.add(bytes: Array(name.utf8), field: 1)
      scalar.add(float: Float(value), field: 2)
      summary.add(bytes: scalar.bytes, field: 1)
    }
    var event = ProtocolBuffer()
    event.add(double: seconds, field: 1)
    event.add(integer: step, field: 2)
    event.add(bytes: summary.bytes, field: 5)
    append(event.bytes)
  }

  private mutating func append(_ record: [UInt8]) {
    let length = littleEndian(UInt64(record.count))
    bytes += length
    bytes += littleEndian(CRC32C.masked(length))
    bytes += record
    bytes += littleEndian(CRC32C.masked(record))
  }
}

/// The fields that event files need, in Google's encoding of messages.
private struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func add(integer: Int, field: UInt64) {
    add(key: field, wireType: 0)
    add(variable: UInt64(bitPattern: Int64(integer)))
  }

  mutating func add(double: Double, field: UInt64) {
    add(key: field, wireType: 1)
    bytes += littleEndian(double.bitPattern)
  }

  mutating func add(bytes content: [UInt8], field: UInt64) {
    add(key: field, wireType: 2)
    add(variable: UInt64(content.count))
    bytes += content
  }

  mutating func add(float: Float, field: UInt64) {
    add(key: field, wireType: 5)
    bytes += littleEndian(float.bitPattern)
  }

  private mutating func add(key field: UInt64, wireType: UInt64) { add(variable: field << 3 | wireType) }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func add(variable value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
