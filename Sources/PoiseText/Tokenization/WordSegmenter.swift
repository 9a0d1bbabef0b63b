/// Finds the best segmentation of a word (Viterbi), from left to right in one pass: a word of n bytes costs O(n) times the
/// length of the longest piece.
struct WordSegmenter: WordEncoder {
  /// The best segmentation that ends at a byte: its score, and its last piece.
  private struct Path {
    var score = -Float.infinity
    var start = 0
    /// Nil for a character that is no piece.
    var piece: Int?
  }

  private let model: UnigramModel
  private var paths: [Path] = []
  private var ends: [Int] = []

  init(_ model: UnigramModel) { self.model = model }

  mutating func encode(_ word: Range<Int>, of text: ByteText, isByteLevel: Bool, appendingTo ids: inout [Int]) {
    if isByteLevel {
      let spelled = ByteText(ByteAlphabet.text(text[word]).utf8)
      return encode(spelled.indices, of: spelled, isByteLevel: false, appendingTo: &ids)
    }
    findPaths(word, of: text)
    follow(to: word.count)
    var unknownStart: Int?
    for end in ends.reversed() {
      let path = paths[end]
      if let piece = path.piece {
        if let start = unknownStart { appendUnknown(text[word.lowerBound + start..<word.lowerBound + path.start], to: &ids) }
        unknownStart = nil
        ids.append(piece)
      } else if unknownStart == nil {
        unknownStart = path.start
      }
    }
    if let start = unknownStart { appendUnknown(text[word.lowerBound + start..<word.upperBound], to: &ids) }
  }

  private mutating func findPaths(_ word: Range<Int>, of text: ByteText) {
    paths.removeAll(keepingCapacity: true)
    paths.append(contentsOf: repeatElement(Path(), count: word.count + 1))
    paths[0].score = 0
    var position = word.lowerBound
    while position < word.upperBound {
      if paths[position - word.lowerBound].score < WordSegmenter.lowestScore { restart(at: position - word.lowerBound) }
      let scalarEnd = text.scalar(at: position).end
      var isPiece = false
      var node = ByteTrie.root
      var end = position
      while end < word.upperBound, let child = model.pieces.child(of: node, text[end]) {
        node = child
        end += 1
        guard let piece = model.pieces.value(at: node) else { continue }
        offer(piece, model.scores[piece], from: position - word.lowerBound, to: end - word.lowerBound)
        if end == scalarEnd { isPiece = true }
      }
      if !isPiece { offer(nil, model.unknownScore, from: position - word.lowerBound, to: scalarEnd - word.lowerBound) }
      position = scalarEnd
    }
  }

  /// Below it a Float's steps are too coarse to tell pieces apart: a text of tens of thousands of bytes.
  private static let lowestScore: Float = -65_536

  /// Counts scores from the path that ends here; all others that matter end within a piece's length.
  private mutating func restart(at start: Int) {
    let score = paths[start].score
    for end in start...min(start + model.longestPiece, paths.count - 1) { paths[end].score -= score }
  }

  private mutating func offer(_ piece: Int?, _ score: Float, from start: Int, to end: Int) {
    let total = paths[start].score + score
    // The unknown token can stand in the text as its own piece.
    if total > paths[end].score { paths[end] = Path(score: total, start: start, piece: piece == model.unknown ? nil : piece) }
  }

  /// The ends of the pieces of the best path, the last first.
  private mutating func follow(to end: Int) {
    ends.removeAll(keepingCapacity: true)
    var end = end
    while end > 0 {
      ends.append(end)
      end = paths[end].start
    }
  }

  /// A run of characters that are no pieces: its bytes' tokens, else one unknown token, else nothing.
  private func appendUnknown(_ run: ArraySlice<UInt8>, to ids: inout [Int]) {
    if !model.fallback.isEmpty {
      for byte in run { ids.append(Int(model.fallback[Int(byte)])) }
    } else if let unknown = model.unknown {
      ids.append(unknown)
    }
  }
}
