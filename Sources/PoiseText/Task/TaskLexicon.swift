import PoiseRandom

/// Every value a fact can take. The lists are short and the words common, so that a byte-level BPE of some 1,500 tokens
/// spells nearly all of them in one token, and no word stands in two lists, so that a word alone says what kind of fact it is.
enum TaskLexicon {
  static let people = words(
    """
    Nora Tom Lena Omar Ruth Hugo Mina Felix Clara Ivan Rosa Jonas Alma Zoe Karim Greta Leo Maya Oscar Ines
    Paul Sofia Ben Hana David Ada Bruno Carla Dario Elsa Farid Gina Henry Ida Jakob Kira Luca Marta Nils Olga
    Pablo Rita Simon Tara Umar Vera Walter Yara Anton Bella Cyril Dora Emil Flora Georg Helga Igor Judit Klaus Lydia
    Marco Nadia Otto Petra Rafael Sara Tobias Ulla Viktor Wanda Xenia Yusuf Agnes Boris Celia Diego Edith Frank Gloria Hector
    Iris Julia Kasper Laura Milan Noemi Pavel Renata Stefan Thea Urban Vivian Adrian Beata Carlos Delia Erik Fiona Gustav Hilda
    """)

  static let objects = words(
    """
    kettle bike lamp piano sofa camera tent violin clock mirror
    printer laptop ladder drill guitar toaster heater radio scooter kayak
    """)

  static let requests = words("refund repair rental delivery swap")

  static let currencies = words("euros dollars pounds")

  static let amounts = Array(12...91)

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
