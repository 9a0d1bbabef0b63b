/// GPT-2's way of writing any byte as a visible character, so that a vocabulary of byte strings fits into JSON and into
/// lines of text: bytes that print stand for themselves, the 68 others for U+0100 and onwards. A space is `Ġ`.
/// Radford et al. 2019, "Language models are unsupervised multitask learners".
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255 as ClosedRange<UInt32>).map { byte in
      if isPrintable(byte) { return Unicode.Scalar(byte)! }
      defer { next += 1 }
      return Unicode.Scalar(next)!
    }
  }()

  /// The bytes in the order of their characters: the order that vocabularies list them in.
  static let bytesInOrder: [UInt8] = (0...255).sorted { scalars[Int($0)] < scalars[Int($1)] }

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  private static func isPrintable(_ byte: UInt32) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }

  static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    scalar.value < bytes.count ? bytes[Int(scalar.value)] : nil
  }

  /// Bytes written in the alphabet.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(scalars[Int(byte)]) }
    return String(text)
  }

  /// What a token of the alphabet stands for; a token with a foreign character (an added one, with a space in it, say)
  /// stands for itself.
  static func bytes(of token: String) -> ByteText {
    var result: ByteText = []
    for scalar in token.unicodeScalars {
      guard let byte = byte(of: scalar) else { return ByteText(token.utf8) }
      result.append(byte)
    }
    return result
  }
}
