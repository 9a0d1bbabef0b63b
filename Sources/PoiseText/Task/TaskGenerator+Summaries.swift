import PoiseRandom

extension TaskGenerator {
  /// A perfect summary, in the style of a note.
  public static func referenceSummary(of post: Post) -> String {
    SummaryStyle.note.template(naming: Set(Fact.allCases)).filled(with: post.facts.values)
  }

  /// A summary as somebody might write it, of a quality drawn from `mixture`. Different indices of one post give independent
  /// summaries.
  public func summary(of post: Post, index: Int, mixture: SummaryMixture = .typical) -> String {
    var random = CounterGenerator(seed, Purpose.summaries.rawValue, CounterGenerator.word(of: post.text), UInt64(index))
    let quality = mixture.pick(with: &random)
    return summary(of: post, quality: quality, random: &random)
  }

  /// A summary of a given quality.
  public func summary(of post: Post, index: Int, quality: SummaryQuality) -> String {
    summary(of: post, index: index, mixture: SummaryMixture([quality: 1]))
  }

  private func summary(of post: Post, quality: SummaryQuality, random: inout CounterGenerator) -> String {
    let style = random.pick(SummaryStyle.allCases)
    func naming(_ named: some Sequence<Fact>, of facts: Facts) -> String {
      style.template(naming: Set(named)).filled(with: facts.values)
    }
    let complete = naming(Fact.allCases, of: post.facts)
    switch quality {
    case .good: return complete
    case .omitsOne: return naming(random.shuffled(Fact.allCases).dropFirst(1), of: post.facts)
    case .omitsTwo: return naming(random.shuffled(Fact.allCases).dropFirst(2), of: post.facts)
    case .wrong: return naming(Fact.allCases, of: random.mistaken(post))
    case .distracted: return complete.dropLast() + ", also \(random.asideValue(of: post))."
    case .repetitive:
      let said = ["for \(post.facts.figure)", "in \(post.facts.place)", "by \(post.facts.date)"]
      return complete.dropLast() + " \(random.pick(said))."
    case .verbose:
      let lead = random.pick(["Well, it seems that this is a ", "So, in short, somebody has sent us a "])
      return lead + complete.prefix(1).lowercased() + complete.dropFirst().dropLast() + ", and that is about all."
    }
  }
}

extension CounterGenerator {
  /// The post's facts with one of them wrong: an aside's value of that kind, or any other value.
  fileprivate mutating func mistaken(_ post: Post) -> Facts {
    var facts = post.facts
    let split = TaskSplit(of: facts) ?? .training
    switch pick(Fact.allCases) {
    case .person: facts.person = replacement(for: facts.person, among: split.people, post)
    case .matter: facts.object = replacement(for: facts.object, among: TaskLexicon.objects, post)
    case .figure:
      let numbers = (split.amounts + TaskLexicon.counts).map(String.init)
      facts.amount = Int(replacement(for: String(facts.amount), among: numbers, post))!
    case .place: facts.place = replacement(for: facts.place, among: TaskLexicon.places, post)
    case .date: facts.date = replacement(for: facts.date, among: TaskLexicon.weekdays, post)
    }
    return facts
  }

  private mutating func replacement(for value: String, among values: [String], _ post: Post) -> String {
    let others = values.filter { $0 != value }
    let mentioned = others.filter(post.asides.contains)
    return pick(mentioned.isEmpty ? others : mentioned)
  }

  /// Something that an aside mentions, or a name out of the blue where none mentions anything.
  fileprivate mutating func asideValue(of post: Post) -> String {
    let people = (TaskSplit(of: post.facts) ?? .training).people
    return pick(post.asides.isEmpty ? people.filter { $0 != post.facts.person } : post.asides)
  }
}
