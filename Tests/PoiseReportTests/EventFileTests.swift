import PoiseReport
import Testing

@Suite struct EventFileTests {
  /// RFC 3720, appendix B.4, and the check value of the catalogues.
  @Test func checksumsAreThePublishedOnes() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CRC32C.checksum((0..<32).reversed().map { UInt8($0) }) == 0x113F_DB5C)
    #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
  }

  @Test func recordsAreFramedWithLengthsAndChecksums() throws {
    var file = EventFile()
    file.add(step: 300, seconds: 1.5, values: [("loss", 0.25), ("objective/kl", -2)])
    let records = try Self.records(file.bytes)
    // Field 1, eight bytes of time; field 3, thirteen letters.
    #expect(records[0] == [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x1A, 13] + Array("brain.Event:2".utf8))
    var expected: [UInt8] = [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 34]
    expected += [0x0A, 11, 0x0A, 4] + Array("loss".utf8) + [0x15, 0, 0, 0x80, 0x3E]
    expected += [0x0A, 19, 0x0A, 12] + Array("objective/kl".utf8) + [0x15, 0, 0, 0, 0xC0]
    #expect(records[1] == expected)
    #expect(records.count == 2)
  }

  /// Reads the frames back, and requires that lengths and checksums are right.
  private static func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var records: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      let length = Int(number(position..<position + 8))
      #expect(number(position + 8..<position + 12) == UInt64(CRC32C.masked(bytes[position..<position + 8])))
      let record = bytes[position + 12..<position + 12 + length]
      #expect(number(position + 12 + length..<position + 16 + length) == UInt64(CRC32C.masked(record)))
      records.append(Array(record))
      position += 16 + length
    }
    return records
  }
}
