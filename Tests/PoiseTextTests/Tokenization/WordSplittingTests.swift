import PoiseFiles
import PoiseText
import Testing

/// Where words end, seen through a vocabulary whose only tokens of more than a byte are the words themselves.
@Suite struct WordSplittingTests {
  static let qwen =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let llama =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Whether `text` is cut into exactly these words: with `ignore_merges` a word that is in the vocabulary is one token, and
  /// nothing else there is longer than a byte.
  func isCut(_ words: [String], by preTokenizer: JSON) throws -> Bool {
    let bytes = try BytePairTrainer(vocabularySize: 256, specialTokens: []).train(on: [])
    let model = try #require(bytes.json["model"])
    var vocabulary = try #require(model["vocab"])
    let spelled = words.map { word in bytes.encode(word).map { bytes.token(of: $0)! }.joined() }
    for word in spelled where vocabulary[word] == nil {
      vocabulary = vocabulary.setting([word: JSON(vocabulary.object?.members.count ?? 0)])
    }
    let file = bytes.json.setting([
      "model": model.setting(["vocab": vocabulary, "ignore_merges": true]), "pre_tokenizer": preTokenizer,
    ])
    let tokenizer = try Tokenizer(json: file, path: "t.json")
    return tokenizer.encode(words.joined()).map { tokenizer.token(of: $0) } == spelled
  }

  func split(by expression: String) -> JSON {
    [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated", "invert": false],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      ],
    ]
  }

  @Test(arguments: [
    ["Hello", ",", " world", "!"], ["I", "'m", " don", "'t", " we", "'ll", " it", "'s"], ["'", "S", " '", "x"],
    ["a", "   ", " b"],
    ["a", " \n", "\n", "b"], ["a", "   "], ["\t", "a"], [" 12", " ½"], ["x", "12", "y"],
    ["é", "!?", " é"], ["\u{A0}", "a"], ["a", "\u{3000}", "\u{3000}", "b"], ["😁😁", "a"], ["e", "\u{301}"], [" '", "s"],
  ])
  func wordsOfGPT2(_ words: [String]) throws {
    #expect(try isCut(words, by: ["type": "ByteLevel", "add_prefix_space": false]))
  }

  @Test(arguments: [
    ["Hello", ",", " world", "!"], ["I", "'M", " don", "'t"], ["(abc", ")"], ["a", "  ", " b"], ["a", " \n\n", " b"],
    ["x", " ?!\n\n", "b"],
    ["\tab"], ["a", "\n\n", "b"], [" \n", "a"], ["'ſ", "x"], ["a", "   "],
  ])
  func wordsOfCL100K(_ words: [String]) throws {
    #expect(try isCut(words, by: split(by: WordSplittingTests.qwen)))
    #expect(try isCut(words, by: split(by: WordSplittingTests.llama)))
  }

  @Test func numbersAreCutBySize() throws {
    #expect(try isCut(["1", "2", "3", "4", "a"], by: split(by: WordSplittingTests.qwen)))
    #expect(try isCut(["123", "4", "a"], by: split(by: WordSplittingTests.llama)))
    let digits: JSON = [
      "type": "Sequence",
      "pretokenizers": [["type": "Digits", "individual_digits": true], ["type": "ByteLevel", "add_prefix_space": false]],
    ]
    #expect(try isCut(["a", " ", "1", "2", "b"], by: digits))
  }

  @Test func metaspacesOpenWords() throws {
    let vocabulary: JSON = ["▁": 0, "a": 1, "▁a": 2, "▁▁": 3, "a▁": 4]
    func tokens(_ text: String, _ scheme: JSON, splits: Bool) throws -> [String?] {
      let space: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": .bool(splits)]
      let model: [String: JSON] = ["vocab": vocabulary, "merges": ["▁ ▁", "a ▁", "▁ a"]]
      let tokenizer = try Tokenizer(
        json: TokenizerFileTests.file(["pre_tokenizer": space, "decoder": space], model: model), path: "t")
      let ids = tokenizer.encode(text)
      #expect(tokenizer.decode(ids) == text)
      return ids.map { tokenizer.token(of: $0) }
    }
    #expect(try tokens("a  a", "always", splits: true) == ["▁a", "▁", "▁a"])
    #expect(try tokens("a  a", "first", splits: false) == ["▁a", "▁▁", "a"])
    #expect(try tokens("a a", "never", splits: true) == ["a", "▁a"])
    #expect(try tokens("a a", "never", splits: false) == ["a▁", "a"])
  }
}
