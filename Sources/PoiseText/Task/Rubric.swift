#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The parts of a summary's score. A perfect summary has `total` 6.
public struct RubricScore: Equatable, Sendable {
  /// The post's facts that the summary states. The matter counts when both the object and the request are there; the figure
  /// needs its currency.
  public var covered: Set<Fact>
  /// Values of the post's asides that the summary states, each counted once.
  public var asides: Int
  /// Names, objects, requests, numbers, places, dates and other capitalised words that the post does not contain.
  public var inventions: Int
  /// Values stated again, each further time.
  public var repetitions: Int
  /// Words beyond `Rubric.wordLimit`.
  public var excessWords: Int
  /// 1 for one of the three well-formed styles; 0.5 where only the opening and the full stop are right; otherwise 0.
  public var form: Double

  /// covered − 0.5 · asides − inventions − 0.5 · repetitions − 0.1 · excess words + form
  public var total: Double {
    Double(covered.count) - 0.5 * Double(asides) - Double(inventions) - 0.5 * Double(repetitions) - 0.1 * Double(excessWords)
      + form
  }
}

/// Words of a summary that say something, and what the rubric makes of them.
public struct SummaryRemark: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// A fact of the post.
    case fact
    /// A part of a fact whose other part is missing, which counts neither for nor against: an object without the request.
    case part
    /// What the post mentions beside the matter.
    case aside
    /// What the post does not say.
    case invention
    /// What the summary has said before.
    case repetition
  }

  public let kind: Kind
  /// In the summary.
  public let range: Range<String.Index>
}

/// A taste in which one style of summary is preferred to another beside what the rubric's score says.
public enum RubricStyle: Equatable, Sendable {
  case none
  /// Note ≻ wish ≻ word ≻ note: no reward explains these preferences, only a game does. The term added to the log-odds:
  ///
  ///     first \ second   note       wish       word
  ///     note              0         +strength  −strength
  ///     wish             −strength   0         +strength
  ///     word             +strength  −strength   0
  ///
  /// A summary in none of the styles neither gains nor loses.
  case cyclic(strength: Double)

  /// The term in the log-odds that a summary of the first style is preferred; antisymmetric.
  func logOdds(_ first: SummaryStyle?, over second: SummaryStyle?) -> Double {
    guard case .cyclic(let strength) = self, let first, let second else { return 0 }
    switch (second.rawValue - first.rawValue + 3) % 3 {
    case 1: return strength
    case 2: return -strength
    default: return 0
    }
  }
}

/// Judges summaries of the built-in task's posts by what they say: `RubricScore` documents the score, and
/// p(a ≻ b) = σ((score a − score b) / scale + style term). It needs the post's text and nothing else.
public struct Rubric: Sendable {
  /// How many points change the odds by a factor of e.
  public let scale: Double
  public let style: RubricStyle

  /// The words that a summary may have for free; a complete one needs 13 or 14.
  public static let wordLimit = 14

  /// - Precondition: `scale` is positive.
  public init(scale: Double = 0.5, style: RubricStyle = .none) {
    precondition(scale > 0)
    self.scale = scale
    self.style = style
  }

  public func score(summary: String, of post: Post) -> RubricScore {
    let reading = SummaryReading(summary)
    let foreign = Set(reading.mentions).filter { !Self.isFact($0, of: post.facts) }
    let asides = foreign.filter { Self.isAside($0, of: post) }
    return RubricScore(
      covered: Self.covered(reading, post.facts), asides: asides.count, inventions: foreign.count - asides.count,
      repetitions: reading.mentions.count - Set(reading.mentions).count,
      excessWords: max(0, reading.words.count - Self.wordLimit), form: Self.form(reading))
  }

  /// What a summary says, word by word, in the order in which it says it: what ``score(summary:of:)`` counts.
  public func remarks(on summary: String, of post: Post) -> [SummaryRemark] {
    let reading = SummaryReading(summary)
    let complete = Self.covered(reading, post.facts)
    var said: Set<SummaryReading.Mention> = []
    return zip(reading.mentions, reading.ranges).map { mention, range in
      let kind: SummaryRemark.Kind =
        if !said.insert(mention).inserted {
          .repetition
        } else if Self.isFact(mention, of: post.facts) {
          mention.kind.fact.map(complete.contains) == true ? .fact : .part
        } else {
          Self.isAside(mention, of: post) ? .aside : .invention
        }
      return SummaryRemark(kind: kind, range: range)
    }
  }

  /// p(a ≻ b | post). p(a ≻ b) + p(b ≻ a) is exactly 1.
  public func preference(_ a: String, over b: String, post: Post) -> Double {
    let difference = (score(summary: a, of: post).total - score(summary: b, of: post).total) / scale
    return Self.sigmoid(difference + style.logOdds(Self.style(of: a), over: Self.style(of: b)))
  }

  /// p(a ≻ b | prompt), from the text that the policy saw.
  public func preference(_ a: String, over b: String, prompt: String) throws(PostError) -> Double {
    preference(a, over: b, post: try TaskGenerator.post(fromPrompt: prompt))
  }

  /// The style that a summary's opening shows.
  public static func style(of summary: String) -> SummaryStyle? {
    SummaryStyle(opening: summary.split(maxSplits: 2, whereSeparator: \.isWhitespace))
  }

  /// The half below ½ is computed as one minus the half above, which floating point does exactly.
  private static func sigmoid(_ x: Double) -> Double {
    x < 0 ? 1 - 1 / (1 + exp(x)) : 1 / (1 + exp(-x))
  }

  private static func covered(_ reading: SummaryReading, _ facts: Facts) -> Set<Fact> {
    var covered: Set<Fact> = []
    if reading.values(.person).contains(facts.person) { covered.insert(.person) }
    if reading.values(.object).contains(facts.object) && reading.values(.request).contains(facts.request) {
      covered.insert(.matter)
    }
    if reading.values(.figure).contains(facts.figure) { covered.insert(.figure) }
    if reading.values(.place).contains(facts.place) { covered.insert(.place) }
    if reading.values(.date).contains(facts.date) { covered.insert(.date) }
    return covered
  }

  /// A number alone is no fact, but it is not wrong either where it is the amount.
  private static func isFact(_ mention: SummaryReading.Mention, of facts: Facts) -> Bool {
    switch mention.kind {
    case .person: mention.value == facts.person
    case .object: mention.value == facts.object
    case .request: mention.value == facts.request
    case .figure: mention.value == facts.figure
    case .number: mention.value == String(facts.amount)
    case .place: mention.value == facts.place
    case .date: mention.value == facts.date
    case .unknown: false
    }
  }

  private static func isAside(_ mention: SummaryReading.Mention, of post: Post) -> Bool {
    let value = mention.kind == .figure ? String(mention.value.prefix { $0 != " " }) : mention.value
    return post.asides.contains(value)
  }

  private static func form(_ reading: SummaryReading) -> Double {
    guard let style = SummaryStyle(opening: reading.words), reading.words.last?.last == "." else { return 0 }
    let match = style.template(naming: reading.facts).match(reading.words)
    return match?.end == reading.words.count ? 1 : 0.5
  }
}
