/// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4), bits reflected.
public enum CRC32C {
  /// Of the remainders of single bytes.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1 }
  }

  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes { remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ remainder >> 8 }
    return ~remainder
  }

  /// Turned and shifted, so that a checksum of data that hold checksums says something still; as TFRecord files have it.
  public static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
