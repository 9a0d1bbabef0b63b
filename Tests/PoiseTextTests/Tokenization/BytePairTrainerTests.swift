import Foundation
import PoiseFiles
import PoiseText
import Testing

@Suite struct BytePairTrainerTests {
  @Test(.enabled(if: OutsideData.isThere)) func theReferenceOfCS336IsReproduced() throws {
    let corpus = try OutsideData.text("corpora/cs336_corpus_en.txt")
    let trained = try BytePairTrainer(vocabularySize: 500).train(on: [corpus])
    let vocabulary = try OutsideData.json("vectors/cs336_bpe_train_reference_vocab.json")
    let merges = try OutsideData.text("vectors/cs336_bpe_train_reference_merges.txt").split(separator: "\n").map(String.init)
    #expect(trained.json["model"]?["vocab"] == vocabulary)
    #expect(trained.json["model"]?["merges"]?.array?.map { $0.array!.map { $0.string! }.joined(separator: " ") } == merges)
    #expect(trained.vocabularySize == 500 && trained.id(of: "<|endoftext|>") == 0 && merges.count == 243)
  }

  @Test func ofEquallyFrequentPairsTheGreatestBytesWin() throws {
    let trained = try BytePairTrainer(vocabularySize: 258).train(on: ["ab zc ab zc"])
    // " z", "zc", "ab" occur twice, " a" once.
    #expect(trained.token(of: 257) == "zc")
  }

  @Test func overlappingPairsAreMergedFromTheLeftAndCountedOnce() throws {
    let trained = try BytePairTrainer(vocabularySize: 300, specialTokens: []).train(on: ["aaaaa aaaaa"])
    let merges = try #require(trained.json["model"]?["merges"]?.array)
    // aa (8), then aa·aa (2), aaaa·a (2); a space with the word occurs once only.
    #expect(merges == [["a", "a"], ["aa", "aa"], ["aaaa", "a"]])
    #expect(trained.encode("aaaaa aaaaa").map { trained.token(of: $0) } == ["aaaaa", "Ġ", "aaaaa"])
  }

  @Test func theOrderOfTextsDoesNotMatter() throws {
    let texts = ["the cat sat on the mat", "a hat, a cat; the end", "théâtre 12 120 1200"]
    let trainer = BytePairTrainer(vocabularySize: 280)
    #expect(try trainer.train(on: texts).json == trainer.train(on: texts.reversed()).json)
  }

  @Test func specialTokensGoWhereTheyAreAskedForAndIntoNoWord() throws {
    let text = "one<|end|>one<|end|>one<|pad|>"
    for placement in [BytePairTrainer.SpecialTokenPlacement.first, .last] {
      let trained = try BytePairTrainer(
        vocabularySize: 260, specialTokens: ["<|end|>", "<|pad|>"], specialTokenPlacement: placement
      ).train(on: [text])
      let first = placement == .first ? 0 : 258
      #expect(trained.vocabularySize == 260)
      #expect(trained.id(of: "<|end|>") == first && trained.id(of: "<|pad|>") == first + 1)
      #expect(trained.decode(trained.encode(text)) == "oneoneone")
      #expect(trained.encode(text).count(where: trained.isSpecial) == 3)
    }
  }

  @Test func anyBytesRoundTrip() throws {
    let trained = try BytePairTrainer(vocabularySize: 300).train(on: ["hello hello world world"])
    for text in ["", " ", "héllo\u{0}\u{7F}\n\t", "e\u{301}é😁\u{FEFF}", "   \r\n  x  "] {
      #expect(trained.decode(trained.encode(text)).utf8.elementsEqual(text.utf8))
    }
  }

  @Test func trainingEndsWhereNothingRepeats() throws {
    #expect(try BytePairTrainer(vocabularySize: 1000).train(on: ["abc"]).vocabularySize == 257)
  }

  @Test func impossibleWishesAreRefused() {
    #expect(throws: BytePairTrainingError.vocabularyTooSmall(size: 256, smallest: 257)) {
      try BytePairTrainer(vocabularySize: 256).train(on: [])
    }
    #expect(throws: BytePairTrainingError.unusableSpecialTokens(["a", "a"])) {
      try BytePairTrainer(vocabularySize: 300, specialTokens: ["a", "a"]).train(on: [])
    }
  }
}
