/// The three openings of a well-formed summary. What follows is the same for all.
public enum SummaryStyle: Int, CaseIterable, Sendable {
  /// `Note from Nora: a kettle refund for 40 euros in Lisbon by Friday.`
  case note
  /// `Wish from Nora: a kettle refund for 40 euros in Lisbon by Friday.`
  case wish
  /// `Word from Nora: a kettle refund for 40 euros in Lisbon by Friday.`
  case word

  /// The form of a summary that names `facts` and no others. `someone` and `something` stand for a missing person and matter.
  func template(naming facts: Set<Fact>) -> PhraseTemplate {
    let person = facts.contains(.person) ? "{person}" : "someone"
    let matter = facts.contains(.matter) ? "a {object} {request}" : "something"
    var words = "\(opening) from \(person): \(matter)"
    if facts.contains(.figure) { words += " for {figure}" }
    if facts.contains(.place) { words += " in {place}" }
    if facts.contains(.date) { words += " by {date}" }
    return PhraseTemplate(words + ".")
  }

  /// The style that a summary's first two words show; nil where they show none.
  init?(opening words: some Collection<Substring>) {
    guard words.dropFirst().first == "from", let style = Self.allCases.first(where: { $0.opening == words.first! }) else {
      return nil
    }
    self = style
  }

  private var opening: String {
    switch self {
    case .note: "Note"
    case .wish: "Wish"
    case .word: "Word"
    }
  }
}
