import PoiseDigest
import PoiseFiles
import PoiseTestSupport
import PoiseText
import Testing

/// Whole corpora against the ids of tiktoken, Hugging Face's tokenizers and SentencePiece.
@Suite(.enabled(if: OutsideData.isThere)) struct TokenStreamTests {
  /// SentencePiece's are of each line alone.
  static let tokenizers: [String: @Sendable () throws -> Tokenizer] = [
    "gpt2": { try OutsideData.gpt2.get() },
    "gpt_neox_20B": { try OutsideData.neox.get() },
    "spm_t5_spiece_per_line_concat": { try OutsideData.t5Pieces.get() },
    "spm_spm_test_model_per_line_concat": {
      try Tokenizer(sentencePiece: OutsideData.path("tokenizers/spm_test_model.model"))
    },
    "spm_torchtune_m_per_line_concat": { try Tokenizer(sentencePiece: OutsideData.path("tokenizers/torchtune_m.model")) },
  ]

  static let corpora: [String: @Sendable () throws -> String] = [
    "shared/corpora/tinyshakespeare.txt": { try OutsideData.text("corpora/tinyshakespeare.txt") },
    "shared/corpora/botchan.txt": { try OutsideData.text("corpora/botchan.txt") },
    "shared/corpora/cs336_corpus_en.txt": { try OutsideData.text("corpora/cs336_corpus_en.txt") },
    #""\n".join(title) of shared/summarisation/scitldr_a_dev.jsonl"#: {
      try joined("title", of: "summarisation/scitldr_a_dev.jsonl")
    },
    #""\n".join(chosen) of shared/preference/hh_harmless_test_0_1799.jsonl.gz"#: {
      try joined("chosen", of: "preference/hh_harmless_test_0_1799.jsonl.gz")
    },
  ]

  private static func joined(_ key: String, of file: String) throws -> String {
    var texts: [String] = []
    try JSONLines.read(OutsideData.path(file)) { _, json in texts.append(try #require(json[key]?.string)) }
    return texts.joined(separator: "\n")
  }

  private static func streams() throws -> JSON {
    try #require(try OutsideData.json("vectors/oracle_token_streams.json")["streams"])
  }

  /// All in an optimised build, `swift test -c release`; the two of a megabyte would take minutes otherwise.
  static let asked = corpora.keys.sorted().filter { name in
    !_isDebugAssertConfiguration() || !["tinyshakespeare", "hh_harmless"].contains { name.contains($0) }
  }

  @Test(arguments: TokenStreamTests.asked, TokenStreamTests.tokenizers.keys.sorted())
  func theStreamIsThatOfTheOracle(corpus: String, name: String) throws {
    let expected = try #require(try TokenStreamTests.streams()[corpus]?[name])
    let tokenizer = try TokenStreamTests.tokenizers[name]!()
    let text = try TokenStreamTests.corpora[corpus]!()
    let ids =
      name.hasPrefix("spm_")
      ? text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).flatMap { tokenizer.encode(String($0)) }
      : tokenizer.encode(text)
    #expect(ids.count == expected["n"]?.int)
    #expect(Array(ids.prefix(32)) == expected["first32"]?.integers)
    #expect(Array(ids.suffix(8)) == expected["last8"]?.integers)
    #expect(TokenStreamTests.digest(of: ids) == expected["sha256_le_u32"]?.string)
    if name == "gpt2" { #expect(tokenizer.decode(ids) == text) }
  }

  /// The patterns of Qwen 2 and of Llama 3; what Hugging Face's tokenizers 0.23 make of a corpus.
  @Test(arguments: [
    ("torchtune_tiny_bpe_tokenizer.json", 101346, "ea4415aea6d1ad23f87ba9f3a0df96ebf48b07641ca71231be4802cd0ef93d45"),
    ("torchtune_tokenizer.json", 90770, "f0f55e26d546b3a6e0bb9a49dce36adf6cbc5fdaebe14bf569576f2e805921c6"),
  ])
  func theStreamIsThatOfHuggingFace(file: String, count: Int, digest: String) throws {
    let path = OutsideData.path("tokenizers/\(file)")
    let ids = try Tokenizer(json: try Files.readJSON(path), path: path).encode(OutsideData.text("corpora/botchan.txt"))
    #expect(ids.count == count && TokenStreamTests.digest(of: ids) == digest)
  }

  private static func digest(of ids: [Int]) -> String {
    SHA256.digest(of: ids.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } })
  }

  @Test func everyStreamIsAsked() throws {
    let streams = try #require(try TokenStreamTests.streams().object?.members)
    #expect(Set(streams.map(\.key)) == Set(TokenStreamTests.corpora.keys))
    for (_, stream) in streams {
      #expect(Set(stream.object?.keys ?? []).subtracting(["chars", "utf8_bytes"]) == Set(TokenStreamTests.tokenizers.keys))
    }
  }

  @Test func theDigestIsThatOfTheStandard() {
    #expect(SHA256.digest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.digest(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
