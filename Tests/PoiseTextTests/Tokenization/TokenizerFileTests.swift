import Foundation
import PoiseFiles
import PoiseText
import Testing

/// Small vocabularies written here, for what the files of others do not show.
@Suite struct TokenizerFileTests {
  /// Characters `a b c ▁ é`, the merges ab and abc, and what a test changes.
  static func file(_ changes: [String: JSON] = [:], model: [String: JSON] = [:]) -> JSON {
    let parts: JSON = [
      "type": "BPE", "unk_token": .null, "vocab": ["a": 0, "b": 1, "c": 2, "▁": 3, "é": 4, "ab": 5, "abc": 6, "?": 7, "bc": 8],
      "merges": [["a", "b"], ["ab", "c"], ["b", "c"]],
    ]
    return (["version": "1.0", "added_tokens": [], "model": parts.setting(model)] as JSON).setting(changes)
  }

  static func added(_ content: String, _ id: Int, _ flags: [String: JSON] = [:]) -> JSON {
    (["id": JSON(id), "content": .string(content), "special": true] as JSON).setting(flags)
  }

  func tokens(_ text: String, _ changes: [String: JSON] = [:], model: [String: JSON] = [:]) throws -> [String] {
    let tokenizer = try Tokenizer(json: TokenizerFileTests.file(changes, model: model), path: "t.json")
    return tokenizer.encode(text).map { tokenizer.token(of: $0)! }
  }

  // MARK: files that want too much

  private func refusal(_ changes: [String: JSON]) -> DataError? {
    #expect(throws: DataError.self) { try Tokenizer(json: TokenizerFileTests.file(changes), path: "t.json") }
  }

  /// Thirty steps that each double a text would make a gigabyte of a letter.
  @Test func stepsThatTogetherMakeATextMuchLongerAreRefused() throws {
    func thirty(_ step: JSON, _ key: String) -> JSON {
      (["type": "Sequence"] as JSON).setting([key: .array(Array(repeating: step, count: 30))])
    }
    let doubling: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    let twice: JSON = ["type": "TemplateProcessing", "single": [["Sequence": ["id": "A"]], ["Sequence": ["id": "A"]]]]
    let parts: [(String, JSON)] = [
      ("normalizer", thirty(doubling, "normalizers")), ("decoder", thirty(doubling, "decoders")),
      ("post_processor", thirty(twice, "processors")),
      ("pre_tokenizer", thirty(["type": "Metaspace", "replacement": "▁", "split": true], "pretokenizers")),
    ]
    for (part, value) in parts {
      let error = try #require(refusal([part: value]))
      #expect(error.category == .configuration && error.problem.contains("times as long"), "\(error)")
    }
  }

  /// A mark of no length would cut words within their characters.
  @Test(arguments: ["", "▁▁"]) func spacesAreWrittenAsOneCharacter(replacement: String) throws {
    let error = try #require(refusal(["pre_tokenizer": ["type": "Metaspace", "replacement": .string(replacement)]]))
    #expect(error.category == .configuration && error.problem.contains("one character was expected"))
  }

  @Test func strippingEndsWithTheToken() throws {
    let strip: JSON = ["type": "Strip", "content": "a", "start": JSON(Int.max), "stop": JSON(Int.max)]
    let tokenizer = try Tokenizer(json: TokenizerFileTests.file(["decoder": strip]), path: "t.json")
    #expect(tokenizer.decode([0, 5, 1]) == "bb")
  }

  @Test func tokensAndPatternsAreOfALength() throws {
    let long = String(repeating: "a", count: 1025)
    for changes: [String: JSON] in [
      ["added_tokens": [TokenizerFileTests.added(long, 9)]], ["model": ["type": "Unigram", "vocab": [[.string(long), -1]]]],
      ["normalizer": ["type": "Replace", "pattern": ["String": .string(long)], "content": ""]],
    ] { #expect(try #require(refusal(changes)).problem.contains("longer than 1024 bytes")) }
  }

  /// Foundation alone would take the square of their number.
  @Test(arguments: ["NFC", "NFD", "NFKC", "NFKD"]) func manyMarksOnALetterAreOrdered(form: String) throws {
    let vocabulary: JSON = ["\u{301}": 0, "\u{316}": 1, "\u{F71}": 2, "\u{F72}": 3, "\u{3099}": 4, "\u{FF9E}": 5]
    let kept = form.contains("K") ? "\u{3099}" : "\u{FF9E}"
    for (marks, first) in [("\u{301}\u{316}", "\u{316}"), ("\u{F73}", "\u{F71}"), ("\u{FF9E}\u{316}", kept)] {
      let tokens = try tokens(
        "x" + String(repeating: marks, count: 10_000), ["normalizer": ["type": .string(form)]],
        model: ["vocab": vocabulary, "merges": []])
      #expect(tokens.count == 20_000)
      #expect(tokens.first == first)
    }
  }

  /// Long runs are put in order here, short ones by Foundation.
  @Test(arguments: ["NFC", "NFD", "NFKC", "NFKD"]) func longAndShortRunsOfMarksAreNormalizedAlike(form: String) throws {
    let marks: [Unicode.Scalar] = ["\u{301}", "\u{316}", "\u{344}", "\u{5B0}", "\u{3099}", "\u{327}", "\u{345}"]
    let run = "a" + String(String.UnicodeScalarView((0..<40).map { marks[$0 * 5 % 7] }))
    let expected =
      switch form {
      case "NFC": run.precomposedStringWithCanonicalMapping
      case "NFD": run.decomposedStringWithCanonicalMapping
      case "NFKC": run.precomposedStringWithCompatibilityMapping
      default: run.decomposedStringWithCompatibilityMapping
      }
    let vocabulary = Set(expected.unicodeScalars).reduce(into: JSON.object(.init())) {
      $0 = $0.setting([String($1): JSON(Int($1.value))])
    }
    let file = TokenizerFileTests.file(["normalizer": ["type": .string(form)]], model: ["vocab": vocabulary, "merges": []])
    let ids = try Tokenizer(json: file, path: "t.json").encode(run)
    #expect(ids == expected.unicodeScalars.map { Int($0.value) })
  }

  // MARK: models

  @Test func mergesAreStringsOrPairs() throws {
    #expect(try tokens("abcbc") == ["abc", "bc"])
    #expect(try tokens("abcbc", model: ["merges": ["a b", "ab c", "b c"]]) == ["abc", "bc"])
    #expect(try tokens("abcbc", model: ["merges": ["b c", "a b"]]) == ["a", "bc", "bc"])
  }

  @Test func unknownCharactersAreDroppedOrMarkedAndFused() throws {
    #expect(try tokens("axybc") == ["abc"])
    #expect(try tokens("axyb", model: ["unk_token": "?"]) == ["a", "?", "?", "b"])
    #expect(try tokens("axyb", model: ["unk_token": "?", "fuse_unk": true]) == ["a", "?", "b"])
  }

  @Test func composedAndDecomposedCharactersAreDifferentTokens() throws {
    #expect(try tokens("\u{E9}") == ["\u{E9}"])
    #expect(try tokens("e\u{301}", model: ["unk_token": "?"]) == ["?", "?"])
    #expect(try tokens("e\u{301}", ["normalizer": ["type": "NFC"]]) == ["\u{E9}"])
  }

  @Test func aWholeWordMayGoBeforeTheMerges() throws {
    let pieces: [String: JSON] = ["pre_tokenizer": ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"]]
    #expect(try tokens("bc", pieces, model: ["merges": []]) == ["b", "c"])
    #expect(try tokens("bc", pieces, model: ["merges": [], "ignore_merges": true]) == ["bc"])
  }

  // MARK: added tokens

  @Test func addedTokensAreFoundLongestFirst() throws {
    let added: JSON = [TokenizerFileTests.added("<b>", 9), TokenizerFileTests.added("<b><b>", 10)]
    #expect(try tokens("a<b><b><b>c", ["added_tokens": added]) == ["a", "<b><b>", "<b>", "c"])
  }

  @Test func addedTokensTakeTheSpaceThatTheyClaim() throws {
    func found(_ flags: [String: JSON]) throws -> [String] {
      let changes: [String: JSON] = [
        "added_tokens": [TokenizerFileTests.added("<b>", 9, flags)],
        "normalizer": ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
      ]
      return try tokens("a <b> c", changes)
    }
    #expect(try found([:]) == ["a", "▁", "<b>", "▁", "c"])
    #expect(try found(["lstrip": true]) == ["a", "<b>", "▁", "c"])
    #expect(try found(["rstrip": true]) == ["a", "▁", "<b>", "c"])
    #expect(try found(["lstrip": true, "rstrip": true, "single_word": true]) == ["a", "<b>", "c"])
  }

  @Test func singleWordsAreNotFoundInsideOthers() throws {
    let added: JSON = [TokenizerFileTests.added("b", 1, ["single_word": true])]
    let tokenizer = try Tokenizer(json: TokenizerFileTests.file(["added_tokens": added]), path: "t.json")
    #expect(tokenizer.encode("ab b").map { tokenizer.token(of: $0) } == ["ab", "b"])
    #expect(tokenizer.decode(tokenizer.encode("ab b")) == "ab")
  }

  @Test func normalizedTokensAreFoundAfterNormalization() throws {
    let replace: JSON = ["type": "Replace", "pattern": ["String": "x"], "content": "a"]
    for (normalized, expected) in [(true, ["xb", "xb"]), (false, ["xb", "ab"])] {
      let added: JSON = [TokenizerFileTests.added("xb", 9, ["normalized": .bool(normalized)])]
      #expect(try tokens("xbab", ["added_tokens": added, "normalizer": replace]) == expected)
    }
  }

  // MARK: decoders, templates

  @Test func withoutADecoderTokensAreSetApart() throws {
    let tokenizer = try Tokenizer(json: TokenizerFileTests.file(), path: "t.json")
    #expect(tokenizer.decode([6, 0, 99, -1, 1]) == "abc a b")
  }

  @Test func theTemplateIsAppliedOnRequest() throws {
    let template: JSON = [
      "type": "TemplateProcessing",
      "single": [["SpecialToken": ["id": "<s>"]], ["Sequence": ["id": "A"]], ["SpecialToken": ["id": "</s>"]]],
      "special_tokens": ["<s>": ["id": "<s>", "ids": [9]], "</s>": ["id": "</s>", "ids": [10]]],
    ]
    let processor: JSON = ["type": "Sequence", "processors": [["type": "ByteLevel"], template]]
    let added: JSON = [TokenizerFileTests.added("<s>", 9), TokenizerFileTests.added("</s>", 10)]
    let tokenizer = try Tokenizer(
      json: TokenizerFileTests.file(["post_processor": processor, "added_tokens": added]), path: "t.json")
    #expect(tokenizer.encode("abc") == [6])
    #expect(tokenizer.encode("abc", addingSpecialTokens: true) == [9, 6, 10])
    #expect(tokenizer.vocabularySize == 11)
  }

  // MARK: refusals

  @Test(
    arguments: [
      ("normalizer", ["type": "Nmt"], "the normalizer is of a kind that is not supported here (\"Nmt\")"),
      ("normalizer", ["type": "Sequence", "normalizers": [["type": "Bert"]]], "the normalizer.normalizers[0] is of a kind"),
      (
        "normalizer", ["type": "Precompiled", "precompiled_charsmap": "?"], "precompiled_charsmap of the normalizer is not Base64"
      ),
      ("normalizer", ["type": "Precompiled", "precompiled_charsmap": "/wAAAA=="], "the normalizer is cut short"),
      ("normalizer", ["type": "Precompiled", "precompiled_charsmap": "AAAAAP8="], "replacements that are not UTF-8"),
      ("normalizer", ["type": "Replace", "pattern": ["Regex": " +"], "content": ""], "the normalizer has a pattern"),
      ("normalizer", ["prepend": "x"], "normalizer should have a string under \"type\", and has nothing"),
      ("pre_tokenizer", ["type": "BertPreTokenizer"], "the pre_tokenizer is of a kind"),
      (
        "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "[a-z]+"], "behavior": "Isolated"],
        "the pre_tokenizer has a pattern"
      ),
      (
        "pre_tokenizer", ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "often"],
        "unknown prepend_scheme (\"often\")"
      ),
      (
        "pre_tokenizer", ["type": "Sequence", "pretokenizers": [["type": "ByteLevel"], ["type": "Digits"]]],
        "has a ByteLevel before its end"
      ),
      ("post_processor", ["type": "BertProcessing"], "the post_processor is of a kind"),
      (
        "post_processor", ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x"]]], "special_tokens": [:]],
        "names the token x, whose ids are missing"
      ),
      ("decoder", ["type": "WordPiece"], "the decoder is of a kind"),
      (
        "decoder", ["type": "Sequence", "decoders": [["type": "Fuse"], ["type": "CTC"]]], "the decoder.decoders[1] is of a kind"
      ),
      (
        "pre_tokenizer", ["type": "Split", "pattern": ["String": "a"], "behavior": "Removed"],
        "has a behavior that is not supported here (\"Removed\")"
      ),
      ("model", ["type": "WordPiece", "vocab": [:]], "the model is of a kind that is not supported here (\"WordPiece\")"),
      ("model", ["type": "Unigram", "vocab": [:]], "vocab of a Unigram model should be a list"),
      (
        "model", ["type": "Unigram", "vocab": [["a", 0.0], ["b"]]], "entry 1 of the model's vocab is not a piece with its score"
      ),
      ("model", ["type": "Unigram", "vocab": [["a", 0.0], ["a", 0.0]]], "the token \"a\" has two ids, 0 and 1"),
      ("model", ["unk_id": 1, "vocab": [["a", 0.0]]], "the unk_id 1 is not in the vocabulary"),
      ("model", .null, "the model is of a kind that is not supported here (without a type)"),
      ("added_tokens", [["id": 0, "content": "z"]], "the id 0 belongs to two tokens, \"a\" and \"z\""),
      ("added_tokens", [["id": 20, "content": "a"]], "the token \"a\" has two ids, 0 and 20"),
      ("added_tokens", [["content": "a"]], "added_tokens[0] should have an integer under \"id\""),
    ] as [(String, JSON, String)])
  func whatIsNotUnderstoodIsRefusedByName(part: String, value: JSON, problem: String) {
    let error = #expect(throws: DataError.self) {
      try Tokenizer(json: TokenizerFileTests.file([part: value]), path: "t.json")
    }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
    #expect(error?.category == .configuration && error?.path == "t.json")
  }

  @Test(
    arguments: [
      ("dropout", 0.1, "dropout of 0.1"), ("end_of_word_suffix", "</w>", "has a end_of_word_suffix"),
      ("continuing_subword_prefix", "##", "has a continuing_subword_prefix"),
      ("unk_token", "x", "\"x\" is not in the vocabulary"),
      ("merges", [["a", "x"]], "merge 0 of the model needs a token that is not in the vocabulary"),
      ("merges", ["a b c"], "merge 0 of the model is not a pair"), ("merges", [["c", "a"]], "needs a token"),
      ("vocab", ["a": -1], "ids are from 0"), ("vocab", ["a": 99_999_999_999], "ids are from 0"),
      ("vocab", ["a": "0"], "not an integer"),
      ("vocab", ["a": 1, "b": 1], "belongs to two tokens"), ("vocab", [], "should be an object"),
    ] as [(String, JSON, String)])
  func anUnusableModelIsRefused(key: String, value: JSON, problem: String) {
    let error = #expect(throws: DataError.self) {
      try Tokenizer(json: TokenizerFileTests.file(model: [key: value]), path: "t.json")
    }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  @Test func aFolderWithoutATokenizerIsNamed() throws {
    try withTemporaryFolder { folder in
      #expect(throws: FileError.missing(path: folder + "/tokenizer.json")) { try Tokenizer(folder: folder) }
      try Files.replace(folder + "/vocab.json", with: #"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#)
      #expect(throws: FileError.missing(path: folder + "/merges.txt")) { try Tokenizer(folder: folder) }
      for merges in ["#version: 0.2\na b\n", "a b\n", "a b", "#version: 0.2\r\na b\r\n"] {
        try Files.replace(folder + "/merges.txt", with: merges)
        #expect(try Tokenizer(folder: folder).encode("abba<|endoftext|>") == [2, 1, 0, 3])
      }
    }
  }
}
