import Foundation
import PoiseFiles
import PoiseText
import Testing

/// Small models written here, byte by byte; the ids are those of SentencePiece 0.2.
@Suite struct SentencePieceFileTests {
  static let normal: UInt8 = 1
  static let unknown: UInt8 = 2
  static let control: UInt8 = 3
  static let userDefined: UInt8 = 4
  static let byte: UInt8 = 6

  static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    let length = bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127 | 128), UInt8(bytes.count >> 7)]
    return [number << 3 | 2] + length + bytes
  }

  static func piece(_ text: String, _ score: Float, _ role: UInt8 = normal) -> [UInt8] {
    let bits = (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * $0)) }
    return field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + bits + [3 << 3, role])
  }

  /// A model of `kind` (1 unigram, 2 BPE) with the pieces that a test is about after `<unk> <s> </s>`.
  static func model(
    kind: UInt8, _ pieces: [[UInt8]], trainer: [UInt8] = [], normalizer: [UInt8] = []
  ) -> [UInt8] {
    let first = [piece("<unk>", 0, unknown), piece("<s>", 0, control), piece("</s>", 0, control)]
    return (first + pieces).flatMap { $0 } + field(2, [3 << 3, kind] + trainer) + field(3, normalizer)
  }

  static let bytePairs = [
    piece("▁a", -1), piece("ab", -2), piece("▁ab", -3), piece("<sep>", 0, userDefined), piece("▁", -4), piece("a", -5),
    piece("b", -6),
  ]
  static let bytes = (0..<256).map { value in
    let digits = String(value, radix: 16, uppercase: true)
    return piece("<0x\(digits.count == 1 ? "0" : "")\(digits)>", 0, byte)
  }

  static func withModel<Result>(
    _ model: [UInt8], settings: String? = nil, name: String = "tokenizer.model", _ body: (Tokenizer) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      try Files.replace("\(folder)/\(name)") { try $0.write(contentsOf: Data(model)) }
      if let settings { try Files.replace("\(folder)/tokenizer_config.json", with: settings) }
      return try body(try Tokenizer(folder: folder))
    }
  }

  func tokens(_ text: String, _ model: [UInt8], settings: String? = nil, adding: Bool = false) throws -> [String] {
    try SentencePieceFileTests.withModel(model, settings: settings) { tokenizer in
      tokenizer.encode(text, addingSpecialTokens: adding).map { tokenizer.token(of: $0)! }
    }
  }

  @Test func piecesAreMergedByScore() throws {
    let model = SentencePieceFileTests.model(kind: 2, SentencePieceFileTests.bytePairs)
    #expect(try tokens("ab", model) == ["▁ab"])
    #expect(try tokens("bab", model) == ["▁", "b", "ab"])
    #expect(try tokens("  a   ab  ", model) == ["▁a", "▁ab"])
    #expect(try tokens("axyb", model) == ["▁a", "<unk>", "b"])
    #expect(try tokens("   ", model) == [])
  }

  @Test func userDefinedPiecesAreKeptWhole() throws {
    let model = SentencePieceFileTests.model(kind: 2, SentencePieceFileTests.bytePairs)
    #expect(try tokens("ab<sep>ab <sep>", model) == ["▁ab", "<sep>", "ab", "▁", "<sep>"])
    #expect(try tokens("<sep>a", model) == ["▁", "<sep>", "a"])
  }

  @Test func charactersThatAreNoPiecesAreSpelledInBytes() throws {
    let model = SentencePieceFileTests.model(
      kind: 2, SentencePieceFileTests.bytePairs + SentencePieceFileTests.bytes, trainer: [0x98, 0x02, 1])
    #expect(try tokens("aé", model) == ["▁a", "<0xC3>", "<0xA9>"])
    try SentencePieceFileTests.withModel(model) { #expect($0.decode($0.encode("aé <s>b", addingSpecialTokens: true)) == "aé b") }
  }

  @Test func spacesAreTreatedAsTheModelSays() throws {
    let pieces = SentencePieceFileTests.bytePairs
    // add_dummy_prefix, remove_extra_whitespaces
    #expect(try tokens("a  a", SentencePieceFileTests.model(kind: 2, pieces, normalizer: [3 << 3, 0])) == ["a", "▁a"])
    #expect(
      try tokens("a  a ", SentencePieceFileTests.model(kind: 2, pieces, normalizer: [4 << 3, 0])) == ["▁a", "▁", "▁a", "▁"])
    #expect(try tokens(" a", SentencePieceFileTests.model(kind: 2, pieces, normalizer: [4 << 3, 0])) == ["▁", "▁a"])
  }

  @Test func theSettingsSayWhatIsPutAroundATextAndWhetherPiecesOfTextOpenWithASpace() throws {
    let model = SentencePieceFileTests.model(kind: 2, SentencePieceFileTests.bytePairs)
    #expect(try tokens("a", model, settings: #"{"tokenizer_class": "LlamaTokenizer"}"#, adding: true) == ["<s>", "▁a"])
    #expect(
      try tokens("a", model, settings: #"{"add_bos_token": false, "add_eos_token": true}"#, adding: true) == ["▁a", "</s>"])
    #expect(try tokens("a</s>b", model, settings: "{}") == ["▁a", "</s>", "▁", "b"])
    #expect(try tokens("a</s>b", model, settings: #"{"legacy": false}"#) == ["▁a", "</s>", "b"])
    let added = #"{"added_tokens_decoder": {"10": {"content": "<x>", "lstrip": true, "special": true}}}"#
    #expect(try tokens("a <x>", model, settings: added) == ["▁a", "<x>"])
  }

  @Test func unigramModelsAreReadWithTheirUnknownPiece() throws {
    let pieces = [
      SentencePieceFileTests.piece("▁a", -1), SentencePieceFileTests.piece("▁", -2), SentencePieceFileTests.piece("b", -3),
    ]
    let model = SentencePieceFileTests.model(kind: 1, pieces)
    #expect(try tokens("a xyb", model) == ["▁a", "▁", "<unk>", "b"])
    let t5 = #"{"tokenizer_class": "T5TokenizerFast", "extra_ids": 2}"#
    try SentencePieceFileTests.withModel(model, settings: t5, name: "spiece.model") { tokenizer in
      #expect(tokenizer.encode("a b", addingSpecialTokens: true) == [3, 4, 5, 2])
      #expect(tokenizer.id(of: "<extra_id_1>") == 6 && tokenizer.id(of: "<extra_id_0>") == 7)
    }
  }

  @Test(arguments: [1, 2] as [UInt8]) func damagedModelsAreRefusedOrRead(kind: UInt8) throws {
    let model = SentencePieceFileTests.model(kind: kind, SentencePieceFileTests.bytePairs, normalizer: [3 << 3, 1])
    func read(_ bytes: [UInt8]) throws {
      do { _ = try SentencePieceFileTests.withModel(bytes) { $0.encode("ab <sep> é") } } catch let error as DataError {
        #expect(error.category == .configuration)
      }
    }
    for count in 0..<model.count { try read(Array(model.prefix(count))) }
    for place in model.indices {
      var damaged = model
      damaged[place] ^= 1 << UInt8(place % 8)
      try read(damaged)
      damaged[place] = 0xFF
      try read(damaged)
    }
  }

  @Test(
    arguments: [
      ([], "it has no pieces"), ([0x0B], "byte 1 is not what a protocol buffer has there"),
      (SentencePieceFileTests.field(1, SentencePieceFileTests.field(1, [0xFF])), "piece 0 is not UTF-8"),
      (SentencePieceFileTests.piece("a", 0), "the model has no unknown piece"),
      (SentencePieceFileTests.model(kind: 3, []), "the model is of words or of characters"),
      (SentencePieceFileTests.model(kind: 1, [SentencePieceFileTests.piece("<s>", 0)]), "\"<s>\" is there twice"),
      (SentencePieceFileTests.model(kind: 1, [SentencePieceFileTests.piece("a", .nan)]), "piece 3 has no text, or no score"),
      (SentencePieceFileTests.model(kind: 1, [SentencePieceFileTests.piece("a", 0, 9)]), "of a type that is not known here (9)"),
      (SentencePieceFileTests.model(kind: 1, [], trainer: [0xC0, 0x01, 1]), "treat_whitespace_as_suffix"),
      (
        SentencePieceFileTests.model(kind: 2, [SentencePieceFileTests.piece(String(repeating: "a", count: 1025), 0)]),
        "piece 3 is longer than 256 bytes"
      ),
    ] as [([UInt8], String)])
  func whatIsNoModelIsRefused(model: [UInt8], problem: String) {
    let error = #expect(throws: DataError.self) { try SentencePieceFileTests.withModel(model) { _ in } }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  @Test func sentinelsAreNotWithoutEnd() throws {
    let settings = #"{"tokenizer_class": "T5Tokenizer", "extra_ids": 9223372036854775807}"#
    let error = #expect(throws: DataError.self) {
      try Self.withModel(Self.model(kind: 1, [Self.piece("a", -1)]), settings: settings) { _ in }
    }
    #expect(error?.problem.contains("more than 10000 extra_ids") == true && error?.category == .configuration)
  }

  @Test func settingsThatContradictTheModelAreRefused() {
    for (settings, problem) in [
      (#"{"add_bos_token": true, "bos_token": {"content": "<b>"}}"#, "the model has no piece \"<b>\""),
      (#"{"added_tokens_decoder": {"x": {}}}"#, "has no token under \"x\""),
    ] {
      let model = SentencePieceFileTests.model(kind: 2, SentencePieceFileTests.bytePairs)
      let error = #expect(throws: DataError.self) { try SentencePieceFileTests.withModel(model, settings: settings) { _ in } }
      #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
    }
  }
}
