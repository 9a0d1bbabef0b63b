import PoiseRandom

/// Every value a fact can take. No word stands in two lists, so that a word alone says what kind of fact it is. Objects, places
/// and dates are few and common words, a token each. People and amounts are many, and made of parts: a tokenizer that merges
/// only what is frequent spells them in two tokens or three, so that a name nobody has heard of is spelt in known ones.
enum TaskLexicon {
  /// Every stem with every ending, 240 names.
  static let people = nameStems.flatMap { stem in nameEndings.map { stem + $0 } }
  static let nameStems = words("Nor Tam Lin Mar Kel Dor Vel Ros Jor Sel Ban Cal Fen Gal Hal Kor Mil Per San Wil")
  static let nameEndings = words("a o in el ina ia us ena an is eth ard")

  static let objects = words(
    """
    kettle bike lamp piano sofa camera tent violin clock mirror
    printer laptop ladder drill guitar toaster heater radio scooter kayak
    """)

  static let requests = words("refund repair rental delivery swap")

  static let currencies = words("euros dollars pounds")

  static let amounts = Array(110...989)

  /// Numbers of the asides.
  static let counts = Array(12...99)

  static let places = words(
    """
    Lisbon Porto Ghent Bergen Turin Vienna Dublin Prague Krakow Malmo
    Basel Bremen Leeds Lyon Oslo Riga Seville Verona York Zurich
    """)

  static let weekdays = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")

  static let months = words(
    "January February March April May June July August September October November December")

  /// Days of a month, apart from the amounts.
  static let days = Array(2...11)

  /// What kind of value a word is; nil for words that carry no fact. Numbers are not words.
  static let kinds: [String: Kind] = {
    let lists: [(Kind, [String])] = [
      (.person, people), (.object, objects), (.request, requests), (.currency, currencies), (.place, places),
      (.weekday, weekdays), (.month, months),
    ]
    let pairs = lists.flatMap { kind, words in words.map { ($0, kind) } }
    return Dictionary(uniqueKeysWithValues: pairs)
  }()

  enum Kind: Sendable { case person, object, request, currency, place, weekday, month }

  private static func words(_ text: String) -> [String] {
    text.split { $0 == " " || $0 == "\n" }.map(String.init)
  }
}

extension CounterGenerator {
  /// Two times in three a weekday, else a month and a day.
  mutating func pickDate() -> String {
    if below(3) < 2 { return pick(TaskLexicon.weekdays) }
    return "\(pick(TaskLexicon.months)) \(pick(TaskLexicon.days))"
  }
}
