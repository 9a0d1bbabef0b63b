import PoiseFiles
import PoiseText
import Testing

/// A quadratic step anywhere would take hours on these words, where the limit is a minute.
@Suite struct LongWordTests {
  static let length = 60_000

  @Test(.timeLimit(.minutes(1)), arguments: ["ab", " ", " \n", "1", "😁", "<|endoftext|"])
  func aWordWithoutAnEndIsEncodedInLinearTime(_ piece: String) throws {
    let text = String(repeating: piece, count: LongWordTests.length / piece.utf8.count)
    let trained = try BytePairTrainer(vocabularySize: 280).train(on: ["abab aaaa aaaa abba baba 1111 1111 ^^^^ ^^^^    x    x"])
    let ids = trained.encode(text)
    #expect(trained.decode(ids) == text)
  }

  /// Unigram and BPE as SentencePiece has them: a text is one word.
  @Test(.timeLimit(.minutes(1)), arguments: ["ab", " ", "é", "A\u{301}", "👩\u{200D}", "<sep>", "▁"], [1, 2] as [UInt8])
  func aTextWithoutAnEndIsEncodedInLinearTime(_ piece: String, kind: UInt8) throws {
    let text = String(repeating: piece, count: LongWordTests.length / piece.utf8.count)
    let model = SentencePieceFileTests.model(kind: kind, SentencePieceFileTests.bytePairs)
    try SentencePieceFileTests.withModel(model) { tokenizer in
      let sequence: JSON = ["type": "Sequence", "normalizers": [NormalizerTests.map(), tokenizer.json["normalizer"]!]]
      let mapping = try Tokenizer(json: tokenizer.json.setting(["normalizer": sequence]), path: "t.json")
      #expect(tokenizer.encode(text).count <= LongWordTests.length && mapping.encode(text).count <= LongWordTests.length)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aWordWithoutAnEndIsLearnedFrom() throws {
    let text = String(repeating: "abcab", count: LongWordTests.length / 5)
    let trained = try BytePairTrainer(vocabularySize: 300).train(on: [text])
    #expect(trained.decode(trained.encode(text)) == text)
    // Tokens that double in length: as many merges as the logarithm of the text, and few tokens left.
    #expect(trained.encode(text).count < 20)
  }

  @Test(.timeLimit(.minutes(1)), .enabled(if: OutsideData.isThere), arguments: ["a", "0", "^", "'s", "\n"])
  func theStressOfTiktokenIsPassed(_ piece: String) throws {
    let tokenizer = try OutsideData.gpt2.get()
    let run = String(repeating: piece, count: 10_000)
    for text in [run, " " + run, run + "\n"] { #expect(tokenizer.decode(tokenizer.encode(text)) == text) }
  }
}
