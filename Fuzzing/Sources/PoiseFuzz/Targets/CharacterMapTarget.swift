import Foundation
import PoiseFiles
import PoiseText

/// SentencePiece's compiled normaliser, after a text for it: units that point outside of the map lead nowhere, and what a text becomes
/// is as bounded as by other steps of a tokenizer.
enum CharacterMapTarget: FuzzTarget {
  static let name = "character-map"

  static let seeds: [[UInt8]] = [
    .joining(Array("aé b".utf8), [0, 0, 0, 0]), .joining(Array("a".utf8), words([4, 0]) + Array("x".utf8)),
    // A trie of "a" alone: a root, the unit of the letter with a leaf, and the leaf, which points at the replacement.
    .joining(
      Array("aab\r\n".utf8),
      words([4 * 100] + (0..<100).map { $0 == 0 ? 1 << 10 : $0 == 96 ? 0x61 | 1 << 8 | 1 << 10 : $0 == 97 ? 1 << 31 : 0 })
        + Array("long\0".utf8)),
  ]

  private static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    let json: JSON = [
      "normalizer": ["type": "Precompiled", "precompiled_charsmap": .string(Data(files[1]).base64EncodedString())],
      "added_tokens": [["id": 3, "content": "é", "normalized": true]],
      "model": ["type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["\u{301}", -2]]],
    ]
    TokenizerTarget.use(try Tokenizer(json: json, path: "tokenizer.json"), files[0])
  }
}
