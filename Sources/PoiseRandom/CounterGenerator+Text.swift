extension CounterGenerator {
  /// A word of a key that stands for a text: the FNV-1a hash of its UTF-8 bytes (Fowler, Noll & Vo 1991), on every machine
  /// the same.
  public static func word(of text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
