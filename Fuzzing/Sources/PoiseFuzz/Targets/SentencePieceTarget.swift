import Foundation
import PoiseFiles
import PoiseText

/// `spiece.model`, after the `tokenizer_config.json` beside it: messages are taken apart without recursion, lengths are checked against
/// what is there; a byte of a piece makes at most one merge, and of sentinels there are at most 10,000.
enum SentencePieceTarget: FuzzTarget {
  static let name = "sentencepiece"
  static let dictionary = [
    "\"tokenizer_class\":", "\"T5Tokenizer\"", "\"LlamaTokenizer\"", "\"extra_ids\":", "\"legacy\":false",
    "\"added_tokens_decoder\":",
    "\"add_bos_token\":true", "\"add_eos_token\":true", "\"bos_token\":", "\"eos_token\":", "<unk>", "</s>", "▁",
    "\u{12}\u{2}\u{18}\u{2}",
  ]

  static let seeds: [[UInt8]] = [
    .joining([], model(kind: 1)), .joining([], model(kind: 2)),
    .joining(Array(#"{"tokenizer_class": "T5Tokenizer", "extra_ids": 2}"#.utf8), model(kind: 1)),
    .joining(Array(#"{"tokenizer_class": "LlamaTokenizer", "legacy": false, "add_eos_token": true}"#.utf8), model(kind: 2)),
    .joining(Array(#"{"added_tokens_decoder": {"9": {"content": "<x>", "special": true}}}"#.utf8), model(kind: 2)),
  ]

  /// A ModelProto of a few pieces.
  private static func model(kind: UInt8) -> [UInt8] {
    let roles: [(String, UInt8)] = [
      ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁", 1), ("a", 1), ("b", 1), ("ab", 1), ("▁ab", 1), ("<user>", 4),
    ]
    let pieces = roles.enumerated().flatMap { index, piece in
      let bits = Float(-index).bitPattern
      return field(
        1, field(1, Array(piece.0.utf8)) + [0x15] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } + [0x18, piece.1])
    }
    return pieces + field(2, [0x18, kind, 0x98, 0x02, 0]) + field(3, [0x18, 1, 0x20, 1, 0x28, 1])
  }

  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    let settings = files[0].isEmpty ? nil : try Files.parseJSON(Data(files[0]), path: "tokenizer_config.json")
    TokenizerTarget.use(try Tokenizer(sentencePiece: Scratch.file("spiece.model", files[1]), settings: settings), [])
  }
}
