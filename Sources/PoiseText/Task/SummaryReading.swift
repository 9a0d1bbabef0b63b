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
  }

  let words: [Substring]
  let mentions: [Mention]

  init(_ summary: String) {
    words = summary.split(whereSeparator: \.isWhitespace)
    mentions = Self.mentions(in: words)
  }

  /// The mentions of a kind, each value once.
  func values(_ kind: Kind) -> Set<String> { Set(mentions.filter { $0.kind == kind }.map(\.value)) }

  /// The kinds of fact that the summary names, rightly or wrongly.
  var facts: Set<Fact> {
    Set(
      mentions.compactMap { mention -> Fact? in
        switch mention.kind {
        case .person: .person
        case .object, .request: .matter
        case .figure: .figure
        case .place: .place
        case .date: .date
        case .number, .unknown: nil
        }
      })
  }

  private static func mentions(in words: [Substring]) -> [Mention] {
    let bare = words.map { String($0.drop { !$0.isLetter && !$0.isNumber }.prefix { $0.isLetter || $0.isNumber }) }
    var mentions: [Mention] = []
    var position = 0
    while position < bare.count {
      let word = bare[position]
      let next = position + 1 < bare.count ? bare[position + 1] : ""
      switch TaskLexicon.kinds[word] {
      case .person: mentions.append(Mention(kind: .person, value: word))
      case .object: mentions.append(Mention(kind: .object, value: word))
      case .request: mentions.append(Mention(kind: .request, value: word))
      case .place: mentions.append(Mention(kind: .place, value: word))
      case .weekday: mentions.append(Mention(kind: .date, value: word))
      case .month where TaskLexicon.isNumber(next):
        mentions.append(Mention(kind: .date, value: "\(word) \(next)"))
        position += 1
      case .month: mentions.append(Mention(kind: .date, value: word))
      case nil where word.first?.isNumber == true:
        let isFigure = TaskLexicon.kinds[next] == .currency
        mentions.append(isFigure ? Mention(kind: .figure, value: "\(word) \(next)") : Mention(kind: .number, value: word))
        position += isFigure ? 1 : 0
      case nil where position > 0 && word.count > 1 && word.first?.isUppercase == true:
        mentions.append(Mention(kind: .unknown, value: word))
      case .currency, nil: break
      }
      position += 1
    }
    return mentions
  }
}
