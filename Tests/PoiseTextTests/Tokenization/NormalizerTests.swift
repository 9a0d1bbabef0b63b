import Foundation
import PoiseFiles
import PoiseText
import Testing

/// What a normalizer leaves of a text, seen through a vocabulary of bytes.
@Suite struct NormalizerTests {
  func normalized(_ text: String, by normalizer: JSON) throws -> String {
    let bytes = try BytePairTrainer(vocabularySize: 256, specialTokens: []).train(on: [])
    let whole: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    let tokenizer = try Tokenizer(json: bytes.json.setting(["normalizer": normalizer, "pre_tokenizer": whole]), path: "t.json")
    return tokenizer.decode(tokenizer.encode(text))
  }

  @Test(
    arguments: [
      ("NFC", "e\u{301}ﬁ", "\u{E9}ﬁ"), ("NFD", "\u{E9}ﬁ", "e\u{301}ﬁ"), ("NFKC", "e\u{301}ﬁ①", "\u{E9}fi1"),
      ("NFKD", "\u{E9}ﬁ", "e\u{301}fi"), ("Lowercase", "ÀΣ İx", "àσ i\u{307}x"),
    ])
  func unicodeIsNormalized(kind: String, text: String, expected: String) throws {
    #expect(try normalized(text, by: ["type": .string(kind)]).unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test func spacesAreStripped() throws {
    let text = "\u{3000}\n a b \t"
    #expect(try normalized(text, by: ["type": "Strip", "strip_left": true, "strip_right": true]) == "a b")
    #expect(try normalized(text, by: ["type": "Strip", "strip_left": false, "strip_right": true]) == "\u{3000}\n a b")
    #expect(try normalized(text, by: ["type": "Strip", "strip_left": true, "strip_right": false]) == "a b \t")
    #expect(try normalized(" \n", by: ["type": "Strip", "strip_left": true, "strip_right": true]) == "")
  }

  @Test(
    arguments: [
      (#" {2,}"#, " a  b   \n c ", " a_b_\n c "), (#" {2,}"#, "  ", "_"), (#"\A +| +\z"#, "  a b ", "_a b_"),
      (#"\A +| +\z"#, "a", "a"), (#"\A +| +\z"#, "   ", "_"), (#"\A▁"#, "▁a▁", "_a▁"), (#"\A▁"#, "a▁", "a▁"),
    ])
  func theExpressionsOfSentencePieceAreKnown(expression: String, text: String, expected: String) throws {
    #expect(try normalized(text, by: ["type": "Replace", "pattern": ["Regex": .string(expression)], "content": "_"]) == expected)
  }

  // MARK: character maps

  /// A map of `A` to `xy`, of `é` to nothing, and of CR to a space.
  static func map(_ change: (inout [UInt32]) -> Void = { _ in }) -> JSON {
    var units = [UInt32](repeating: 0, count: 1024)
    /// A child of the node whose children are at `offset ^ label`; its own are at its place `^ own`, and so is its value.
    func put(_ label: UInt8, under offset: Int, offset own: Int, value: UInt32? = nil) {
      units[offset ^ Int(label)] = UInt32(own) << 10 | UInt32(label) | (value == nil ? 0 : 0x100)
      if let value { units[offset ^ Int(label) ^ own] = value }
    }
    units[0] = 256 << 10
    put(0x41, under: 256, offset: 0x141 ^ 600, value: 0)
    put(0x0D, under: 256, offset: 0x10D ^ 601, value: 4)
    put(0xC3, under: 256, offset: 0x1C3 ^ 512)
    put(0xA9, under: 512, offset: (512 ^ 0xA9) ^ 602, value: 3)
    change(&units)
    let bytes = ([UInt32(4 * units.count)] + units).flatMap { unit in (0..<4).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
    }
    return ["type": "Precompiled", "precompiled_charsmap": .string(Data(bytes + "xy\0\0 \0".utf8).base64EncodedString())]
  }

  @Test(
    arguments: [
      ("", ""), ("bAb", "bxyb"), ("éAé", "xy"), ("a\rb", "a b"), ("\r\n\n", " \n"), ("A\u{301}b", "xyb"),
      ("👩\u{200D}👩\u{200D}👧A", "👩\u{200D}👩\u{200D}👧xy"), ("b\0A", "b\0xy"),
    ])
  func clustersAreMappedByTheirBeginning(text: String, expected: String) throws {
    #expect(try normalized(text, by: NormalizerTests.map()).unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test func mapsThatPointNowhereChangeNothing() throws {
    for place in [0, 0x141, 600, 0x1C3] {
      for value: UInt32 in [.max, 0x7FFF_FFFF, 0xFFFF_FC00 | 0x141, 0x3FF] {
        _ = try normalized("AéA", by: NormalizerTests.map { $0[place] = value })
      }
    }
    #expect(try normalized("A", by: ["type": "Precompiled", "precompiled_charsmap": "AAAAAA=="]) == "A")
  }
}
