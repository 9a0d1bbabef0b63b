/// What knows the tokens that words are made of: the `model` of a `tokenizer.json`.
protocol PieceModel: Sendable {
  var vocabulary: Vocabulary { get }

  /// The model at work on a text, with memory that is kept from word to word.
  func makeEncoder() -> any WordEncoder
}

protocol WordEncoder {
  /// Appends the ids of the tokens of a word.
  /// - Parameter isByteLevel: whether the tokens are written in `ByteAlphabet`.
  mutating func encode(_ word: Range<Int>, of text: ByteText, isByteLevel: Bool, appendingTo ids: inout [Int])
}
