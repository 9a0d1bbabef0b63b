import PoiseFiles

/// A unigram language model of pieces: a text's tokens are the segmentation with the greatest product of probabilities.
/// Kudo 2018, "Subword regularization".
///
/// Policy: scores are added as Floats, as SentencePiece adds them. Of equally probable segmentations, such as those of a row of
/// dots, rounding chooses one; in double precision it is another one here and there, as in Hugging Face's tokenizers.
struct UnigramModel: PieceModel {
  let vocabulary: Vocabulary
  /// The pieces, with their ids.
  let pieces: ByteTrie
  /// The natural logarithm of each piece's probability, by id.
  let scores: [Float]
  /// Of a character that is no piece, below that of any piece.
  let unknownScore: Float
  /// In bytes.
  let longestPiece: Int
  let unknown: Int?
  /// The ids of `<0x00>`…`<0xFF>`; empty unless the model falls back to bytes and has all of them.
  let fallback: [Int32]

  /// As SentencePiece has it.
  private static let unknownPenalty: Float = 10

  /// - Throws: `DataError` (`.configuration`) where the vocabulary is no list of pieces with scores, or `unk_id` none of it.
  init(reading part: Part) throws {
    guard let list = part.json["vocab"]?.array else { throw part.unusable("the vocab of a Unigram model should be a list.") }
    var vocabulary = Vocabulary()
    var scores: [Float] = []
    for (id, json) in list.enumerated() {
      guard let entry = json.array, entry.count == 2, let piece = entry[0].string, let score = entry[1].double.map({ Float($0) }),
        score.isFinite
      else { throw part.unusable("entry \(id) of the model's vocab is not a piece with its score: \(json.line).") }
      guard piece.utf8.count <= Vocabulary.longestToken else {
        throw part.unusable("entry \(id) of the model's vocab is longer than \(Vocabulary.longestToken) bytes.")
      }
      try vocabulary.insert(piece, id, part)
      scores.append(score)
    }
    unknown = part.json["unk_id"]?.isNull == false ? try part.integer("unk_id") : nil
    if let unknown, !scores.indices.contains(unknown) {
      throw part.unusable("the unk_id \(unknown) is not in the vocabulary.")
    }
    pieces = ByteTrie(vocabulary.tokens.enumerated().map { (ByteText(($1 ?? "").utf8), $0) })
    longestPiece = vocabulary.tokens.reduce(1) { max($0, $1?.utf8.count ?? 0) }
    unknownScore = (scores.min() ?? 0) - UnigramModel.unknownPenalty
    fallback = try part.boolean("byte_fallback", default: false) ? ByteFallback.ids(in: vocabulary) : []
    (self.vocabulary, self.scores) = (vocabulary, scores)
  }

  func makeEncoder() -> any WordEncoder { WordSegmenter(self) }
}
