import PoiseFiles

/// Learns a byte-level BPE vocabulary from text: words as GPT-2 splits them, every byte a token, then the most frequent pair of
/// neighbouring tokens merged again and again (Sennrich et al. 2016). Of equally frequent pairs the one with the
/// lexicographically greatest bytes wins, left token before right, so that the same texts in any order give the same file.
public struct BytePairTrainer: Sendable {
  public enum SpecialTokenPlacement: Sendable {
    /// Ids from 0, as Hugging Face's trainers number them.
    case first
    /// After all others, as GPT-2's `<|endoftext|>`.
    case last
  }

  /// Tokens to end with, the special ones and the 256 bytes included; fewer where the texts offer no more pairs.
  public var vocabularySize: Int
  /// Never part of a word: texts are cut where these stand.
  public var specialTokens: [String]
  public var specialTokenPlacement: SpecialTokenPlacement
  /// Pairs that occur less often are not merged.
  public var minimumPairCount: Int

  public init(
    vocabularySize: Int, specialTokens: [String] = ["<|endoftext|>"], specialTokenPlacement: SpecialTokenPlacement = .first,
    minimumPairCount: Int = 2
  ) {
    self.vocabularySize = vocabularySize
    self.specialTokens = specialTokens
    self.specialTokenPlacement = specialTokenPlacement
    self.minimumPairCount = minimumPairCount
  }

  /// - Throws: `BytePairTrainingError` where the vocabulary has no room for the bytes, or a special token is empty or named twice.
  public func train(on texts: some Sequence<String>) throws -> Tokenizer {
    let smallest = 256 + specialTokens.count
    guard vocabularySize >= smallest else {
      throw BytePairTrainingError.vocabularyTooSmall(size: vocabularySize, smallest: smallest)
    }
    guard Set(specialTokens.map(ExactString.init)).count == specialTokens.count, !specialTokens.contains("") else {
      throw BytePairTrainingError.unusableSpecialTokens(specialTokens)
    }
    var learner = PairLearner(words: wordCounts(texts))
    while learner.tokens.count + specialTokens.count < vocabularySize, learner.mergeNext(minimumCount: minimumPairCount) {}
    return try Tokenizer(json: file(tokens: learner.tokens, merges: learner.merges), path: "the trained tokenizer")
  }

  private func wordCounts(_ texts: some Sequence<String>) -> [ByteText: Int] {
    var counts: [ByteText: Int] = [:]
    let special = AddedTokens(specialTokens.enumerated().map { AddedTokens.AddedToken(id: $0, special: $1) })
    for text in texts {
      let bytes = ByteText(text.utf8)
      for case .text(let range) in special.split(bytes) {
        var piece = SplitText(ByteText(bytes[range]))
        piece.divide(WordPattern.gpt2.endOfWord)
        for word in piece.words { counts[ByteText(piece.bytes[word]), default: 0] += 1 }
      }
    }
    return counts
  }

  private func file(tokens: [ByteText], merges: [TokenPair]) -> JSON {
    let names = tokens.map(ByteAlphabet.text)
    let all = specialTokenPlacement == .first ? specialTokens + names : names + specialTokens
    let firstSpecial = specialTokenPlacement == .first ? 0 : names.count
    return Tokenizer.byteLevel(
      vocabulary: .object(JSON.Object(uniqueMembers: all.enumerated().map { ($1, JSON($0)) })),
      merges: merges.map { [.string(names[Int($0.left)]), .string(names[Int($0.right)])] },
      specialTokens: specialTokens.enumerated().map { ($1, firstSpecial + $0) })
  }
}

/// Why a tokenizer cannot be trained.
public enum BytePairTrainingError: ExplainedError, Equatable {
  case vocabularyTooSmall(size: Int, smallest: Int)
  case unusableSpecialTokens([String])

  public var category: FailureCategory { .usage }

  public var description: String {
    switch self {
    case .vocabularyTooSmall(let size, let smallest):
      "A vocabulary of \(size) tokens has no room for the 256 bytes and the special tokens. Ask for at least \(smallest)."
    case .unusableSpecialTokens(let tokens):
      "The special tokens \(tokens) cannot be used. Each must have a text of its own."
    }
  }
}
