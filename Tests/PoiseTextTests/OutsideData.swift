import Foundation
import PoiseFiles
import PoiseText

/// Files that nobody here wrote: vocabularies, vectors of other tokenizers, corpora. They are found through the environment.
enum OutsideData {
  static let folder = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
  static var isThere: Bool { folder != nil }

  static func path(_ name: String) -> String { (folder ?? "") + "/" + name }
  static func json(_ name: String) throws -> JSON { try Files.readJSON(path(name)) }
  static func text(_ name: String) throws -> String { String(decoding: try Files.read(path(name)), as: UTF8.self) }

  /// Read once: the vocabulary has 50,257 tokens.
  static let gpt2 = Result {
    try Tokenizer(vocabulary: path("tokenizers/gpt2/vocab.json"), merges: path("tokenizers/gpt2/merges.txt"))
  }
  static let neox = Result {
    let path = OutsideData.path("tokenizers/gpt_neox_20B_tokenizer.json")
    return try Tokenizer(json: try Files.readJSON(path), path: path)
  }
  /// SentencePiece's view of T5's vocabulary, and transformers' view: words between white space, sentinels, `</s>`.
  static let t5Pieces = Result { try Tokenizer(sentencePiece: path("tokenizers/t5_spiece.model")) }
  static let t5 = Result {
    try Tokenizer(sentencePiece: path("tokenizers/t5_spiece.model"), settings: ["tokenizer_class": "T5Tokenizer"])
  }
  static let stories = Result { try Tokenizer(folder: path("models/stories260K_hf")) }
}

extension JSON {
  var integers: [Int]? {
    guard let values = array?.map(\.int), !values.contains(nil) else { return nil }
    return values.compactMap { $0 }
  }

  /// An object with other values for some keys.
  func setting(_ changes: [String: JSON]) -> JSON {
    guard case .object(var object) = self else { return self }
    for (key, value) in changes.sorted(by: { $0.key < $1.key }) { object[key] = value }
    return .object(object)
  }
}

/// A folder for one test, gone afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.path + "/poise-text-\(UUID().uuidString)"
  try Files.createDirectory(folder)
  defer { Files.remove(folder) }
  return try body(folder)
}
