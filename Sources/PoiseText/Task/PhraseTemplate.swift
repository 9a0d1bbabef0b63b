/// A phrase with blanks, which reads in both directions: filled in it is a sentence of a post, laid over words it gives the
/// blanks' values back. Generator and extractor share the templates and so cannot disagree.
///
///     PhraseTemplate("Hello from {person} in {place}.").filled(with: [.person: "Nora", .place: "Lisbon"])
///     → "Hello from Nora in Lisbon."
struct PhraseTemplate: Sendable {
  /// A blank; the raw value is its name in braces. The `other` ones and `number` belong to asides.
  enum Slot: String, Sendable {
    case person, object, request, figure, place, date
    case otherPerson, otherObject, otherPlace, otherDay, number

    /// The fact that the blank's value belongs to; nil for asides.
    var fact: Fact? {
      switch self {
      case .person: .person
      case .object, .request: .matter
      case .figure: .figure
      case .place: .place
      case .date: .date
      case .otherPerson, .otherObject, .otherPlace, .otherDay, .number: nil
      }
    }
  }

  enum Piece: Sendable {
    case word(String)
    /// A blank and the punctuation that follows it without a space.
    case blank(Slot, before: String)
  }

  let pieces: [Piece]

  /// - Precondition: the words in braces are names of slots.
  init(_ text: String) {
    pieces = text.split(separator: " ").map { word in
      guard word.first == "{", let end = word.firstIndex(of: "}") else { return .word(String(word)) }
      let name = String(word[word.index(after: word.startIndex)..<end])
      guard let slot = Slot(rawValue: name) else { preconditionFailure("no blank is called \(name)") }
      return .blank(slot, before: String(word[word.index(after: end)...]))
    }
  }

  var slots: [Slot] {
    pieces.compactMap { piece in if case .blank(let slot, _) = piece { slot } else { nil } }
  }

  /// The facts named, in the order of the phrase.
  var facts: [Fact] {
    slots.compactMap(\.fact).reduce(into: []) { facts, fact in if !facts.contains(fact) { facts.append(fact) } }
  }

  /// - Precondition: every blank has a value.
  func filled(with values: [Slot: String]) -> String {
    pieces.map { piece in
      switch piece {
      case .word(let word): return word
      case .blank(let slot, let punctuation):
        guard let value = values[slot] else { preconditionFailure("the blank \(slot) has no value") }
        return value + punctuation
      }
    }.joined(separator: " ")
  }

  /// Lays the phrase over the words from `start`: the values of the blanks and the position after the phrase, or nil where
  /// a word differs or a value is not one the blank can hold.
  func match(_ words: [Substring], from start: Int = 0) -> (values: [(Slot, String)], end: Int)? {
    var position = start
    var values: [(Slot, String)] = []
    for piece in pieces {
      guard position < words.count else { return nil }
      switch piece {
      case .word(let word):
        guard words[position] == word else { return nil }
        position += 1
      case .blank(let slot, let punctuation):
        let length = slot.length(startingWith: words[position])
        guard position + length <= words.count else { return nil }
        let text = words[position..<position + length].joined(separator: " ")
        guard text.hasSuffix(punctuation) else { return nil }
        let value = String(text.dropLast(punctuation.count))
        guard slot.admits(value) else { return nil }
        values.append((slot, value))
        position += length
      }
    }
    return (values, position)
  }
}

extension PhraseTemplate.Slot {
  /// How many words a value of this blank has.
  fileprivate func length(startingWith word: Substring) -> Int {
    switch self {
    case .figure: 2
    case .date: TaskLexicon.kinds[String(word)] == .month ? 2 : 1
    default: 1
    }
  }

  fileprivate func admits(_ value: String) -> Bool {
    switch self {
    case .person, .otherPerson: return TaskLexicon.kinds[value] == .person
    case .object, .otherObject: return TaskLexicon.kinds[value] == .object
    case .request: return TaskLexicon.kinds[value] == .request
    case .place, .otherPlace: return TaskLexicon.kinds[value] == .place
    case .otherDay: return TaskLexicon.kinds[value] == .weekday
    case .number: return TaskLexicon.isNumber(value)
    case .figure:
      let words = value.split(separator: " ").map(String.init)
      return words.count == 2 && TaskLexicon.isNumber(words[0]) && TaskLexicon.kinds[words[1]] == .currency
    case .date:
      let words = value.split(separator: " ").map(String.init)
      if words.count == 1 { return TaskLexicon.kinds[value] == .weekday }
      return words.count == 2 && TaskLexicon.kinds[words[0]] == .month && TaskLexicon.isNumber(words[1])
    }
  }
}

extension TaskLexicon {
  /// One to six digits, the first not zero: what a post or a summary may write, and what `Int` holds.
  static func isNumber(_ text: some StringProtocol) -> Bool {
    (1...6).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "0")
      && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
