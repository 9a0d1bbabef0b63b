import PoiseFiles
import PoiseText
import Testing

/// T5's vocabulary, read from its SentencePiece file, against the ids of transformers.
@Suite(.enabled(if: OutsideData.isThere)) struct T5Tests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try OutsideData.t5.get() }

  @Test(arguments: ["Xenova/t5-small", "google-t5/t5-small"]) func theVectorsOfTransformersJSHold(_ name: String) throws {
    try check(tokenizer, name, count: 29)
  }

  /// The file that keeps the spaces at the end of a text, and opens with one the text only.
  @Test func theVectorsOfTheNewFormHold() throws {
    let map = try #require(tokenizer.json["normalizer"])
    let runs: JSON = ["type": "Replace", "pattern": ["Regex": " {2,}"], "content": "▁"]
    let space: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true]
    let form: [String: JSON] = [
      "normalizer": ["type": "Sequence", "normalizers": [map, runs]], "pre_tokenizer": space, "decoder": space,
    ]
    try check(Tokenizer(json: tokenizer.json.setting(form), path: "t.json"), "Xenova/t5-tokenizer-new", count: 8)
  }

  private func check(_ tokenizer: Tokenizer, _ name: String, count: Int) throws {
    let cases = try #require(try OutsideData.json("vectors/transformersjs_tokenization.json")[name]?.object?.members)
    try #require(cases.count == count)
    for (name, vector) in cases {
      let ids = tokenizer.encode(try #require(vector["text"]?.string), addingSpecialTokens: true)
      #expect(ids == vector["ids"]?.integers, "\(name)")
      #expect(tidied(tokenizer.decode(ids, skippingSpecialTokens: false)) == vector["decoded"]?.string, "\(name)")
    }
  }

  @Test func theVectorsOfSwiftTransformersHold() throws {
    let cases = try #require(try OutsideData.json("vectors/swift_transformers_tokenizer_tests.json")["t5-base"]?.array)
    try #require(cases.count == 18)
    for vector in cases {
      let text = try #require(vector["input"]?.string)
      let ids = tokenizer.encode(text, addingSpecialTokens: true)
      #expect(ids == vector["encoded"]?["input_ids"]?.integers, "\(text)")
      #expect(tidied(tokenizer.decode(ids, skippingSpecialTokens: false)) == vector["decoded_with_special"]?.string)
      #expect(tidied(tokenizer.decode(ids)) == vector["decoded_without_special"]?.string)
    }
  }

  /// transformers' `clean_up_tokenization`, which is no part of the tokenizer.
  private func tidied(_ text: String) -> String {
    let changes = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"),
      (" 've", "'ve"), (" 're", "'re"),
    ]
    return changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  @Test func sentinelsFollowThePieces() {
    #expect(tokenizer.vocabularySize == 32100)
    #expect(tokenizer.id(of: "<extra_id_0>") == 32099 && tokenizer.id(of: "<extra_id_99>") == 32000)
    #expect(tokenizer.isSpecial(32099) && tokenizer.isSpecial(0) && !tokenizer.isSpecial(3))
    #expect(tokenizer.encode("a <extra_id_0> b") == [3, 9, 32099, 3, 115])
  }

  @Test func whatIsSavedEncodesAlike() throws {
    try withTemporaryFolder { folder in
      try tokenizer.save(folder: folder)
      let again = try Tokenizer(folder: folder)
      let text = try OutsideData.text("vectors/cs336_german.txt")
      #expect(again.json == tokenizer.json && again.encode(text) == tokenizer.encode(text))
    }
  }
}
