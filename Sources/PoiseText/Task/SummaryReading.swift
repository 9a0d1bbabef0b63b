/// What a summary says, whoever wrote it: the values it mentions, in order, found by the task's word lists.
struct SummaryReading {
  struct Mention: Hashable {
    let kind: Kind
    let value: String
  }

  enum Kind: Hashable {
    case person, object, request, figure, place, date
    /// A number without a currency, or a capitalised word that is in no list.
    case number, unknown

    /// The fact that a value of this kind is of, or is a part of.
    var fact: Fact? {
      switch self {
      case .person: .person
      case .object, .request: .matter
      case .figure: .figure
      case .place: .place
      case .date: .date
      case .number, .unknown: nil
      }
    }
  }

  let words: [Substring]
  let mentions: [Mention]
  /// Where in the summary each mention stands.
  let ranges: [Range<String.Index>]

  init(_ summary: String) {
    words = summary.split(whereSeparator: \.isWhitespace)
    let found = Self.mentions(in: words)
    (mentions, ranges) = (found.map(\.mention), found.map(\.range))
  }

  /// The mentions of a kind, each value once.
  func values(_ kind: Kind) -> Set<String> { Set(mentions.filter { $0.kind == kind }.map(\.value)) }

  /// The kinds of fact that the summary names, rightly or wrongly.
  var facts: Set<Fact> { Set(mentions.compactMap(\.kind.fact)) }

  private static func mentions(in words: [Substring]) -> [(mention: Mention, range: Range<String.Index>)] {
    let bare = words.map { word in
      word.drop { !$0.isLetter && !$0.isNumber }.prefix { $0.isLetter || $0.isNumber }
    }
    var mentions: [(mention: Mention, range: Range<String.Index>)] = []
    var position = 0
    while position < bare.count {
      let word = String(bare[position])
      let next = position + 1 < bare.count ? String(bare[position + 1]) : ""
      /// Of this word, or of it and the next.
      func add(_ kind: Kind, _ value: String, words count: Int = 1) {
        let range = bare[position].startIndex..<bare[position + count - 1].endIndex
        mentions.append((Mention(kind: kind, value: value), range))
        position += count - 1
      }
      switch TaskLexicon.kinds[word] {
      case .person: add(.person, word)
      case .object: add(.object, word)
      case .request: add(.request, word)
      case .place: add(.place, word)
      case .weekday: add(.date, word)
      case .month where TaskLexicon.isNumber(next): add(.date, "\(word) \(next)", words: 2)
      case .month: add(.date, word)
      case nil where word.first?.isNumber == true:
        if TaskLexicon.kinds[next] == .currency { add(.figure, "\(word) \(next)", words: 2) } else { add(.number, word) }
      case nil where position > 0 && word.count > 1 && word.first?.isUppercase == true: add(.unknown, word)
      case .currency, nil: break
      }
      position += 1
    }
    return mentions
  }
}
