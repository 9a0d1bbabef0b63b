import PoiseRandom

/// Writes the built-in task's posts and summaries. Every post is a function of (seed, split, index) and every summary of
/// (seed, post, index): there is no state, and any index may be asked for at any time.
public struct TaskGenerator: Sendable {
  public let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  static let promptEnding = "\nTL;DR:"

  /// The text that a policy sees; completions start with a space: ` Note from Nora: a kettle refund …`.
  public static func prompt(for post: Post) -> String { post.text + promptEnding }

  public static func post(fromPrompt prompt: String) throws(PostError) -> Post {
    guard prompt.hasSuffix(promptEnding) else { throw .noPrompt }
    return try Post(parsing: String(prompt.dropLast(promptEnding.count)))
  }

  /// The post number `index` (0, 1, …) of a split.
  public func post(_ index: Int, split: TaskSplit) -> Post {
    var random = CounterGenerator(seed, Purpose.posts.rawValue, split.key, UInt64(index))
    let facts = random.facts(of: split)
    let order = random.pick(split.orders)
    var writer = PostWriter(facts: facts, split: split, random: random)
    return writer.post(order: order)
  }

  /// What the random numbers of a generator are for; part of their key.
  enum Purpose: UInt64 { case posts = 1, summaries }
}

extension CounterGenerator {
  fileprivate mutating func facts(of split: TaskSplit) -> Facts {
    let person = pick(split.people)
    let amount = pick(split.amounts)
    return Facts(
      person: person, object: partner(of: person, in: TaskLexicon.people, among: TaskLexicon.objects, split),
      request: pick(TaskLexicon.requests), amount: amount, currency: pick(TaskLexicon.currencies),
      place: partner(of: amount, in: TaskLexicon.amounts, among: TaskLexicon.places, split), date: pickDate())
  }

  /// A value that the split admits beside `value`.
  private mutating func partner<Value: Equatable>(
    of value: Value, in values: [Value], among partners: [String], _ split: TaskSplit
  ) -> String {
    let index = values.firstIndex(of: value)!
    return pick(partners.indices.filter { split.admits(index, with: $0) }.map { partners[$0] })
  }
}

/// Turns facts into a post: clauses in the given order, two asides or more in between until the post is long enough.
private struct PostWriter {
  let facts: Facts
  let split: TaskSplit
  var random: CounterGenerator
  var asideValues: Set<String> = []

  init(facts: Facts, split: TaskSplit, random: CounterGenerator) {
    self.facts = facts
    self.split = split
    self.random = random
  }

  /// Stops at the first length from 42…52 words on, so that posts have 42…70 words: a sentence has at most 12.
  mutating func post(order: [Fact]) -> Post {
    var sentences = clauses(order: order).map { Sentence(text: $0.filled(with: facts.values), asides: []) }
    let wordsWanted = 42 + random.below(11)
    for (number, template) in random.shuffled(PostPhrases.asides).enumerated() {
      if number >= 2 && sentences.reduce(0, { $0 + $1.wordCount }) >= wordsWanted { break }
      sentences.insert(aside(template), at: random.below(sentences.count + 1))
    }
    return Post(
      text: sentences.map(\.text).joined(separator: " "), facts: facts, order: order, asides: sentences.flatMap(\.asides))
  }

  struct Sentence {
    let text: String
    let asides: [String]
    var wordCount: Int { text.split(separator: " ").count }
  }

  /// Takes two neighbouring facts into one sentence half of the time, where there is such a sentence.
  private mutating func clauses(order: [Fact]) -> [PhraseTemplate] {
    let voice = random.below(3) < 2 ? PostPhrases.Voice.first : .third
    var clauses: [PhraseTemplate] = []
    var rest = order[...]
    while !rest.isEmpty {
      let pairs = rest.count > 1 ? PostPhrases.clauses(naming: Array(rest.prefix(2)), voice: voice) : []
      let joins = !pairs.isEmpty && random.below(2) == 0
      let candidates = joins ? pairs : PostPhrases.clauses(naming: Array(rest.prefix(1)), voice: voice)
      clauses.append(random.pick(candidates).template)
      rest = rest.dropFirst(joins ? 2 : 1)
    }
    return clauses
  }

  private mutating func aside(_ template: PhraseTemplate) -> Sentence {
    var values: [PhraseTemplate.Slot: String] = [:]
    for slot in template.slots { values[slot] = asideValue(slot) }
    return Sentence(text: template.filled(with: values), asides: template.slots.map { values[$0]! })
  }

  /// A value that is neither a fact of the post nor another aside's.
  private mutating func asideValue(_ slot: PhraseTemplate.Slot) -> String {
    let values: [String] =
      switch slot {
      case .otherPerson: split.people
      case .otherObject: TaskLexicon.objects
      case .otherPlace: TaskLexicon.places
      case .otherDay: TaskLexicon.weekdays
      case .number: TaskLexicon.counts.map(String.init)
      case .person, .object, .request, .figure, .place, .date: preconditionFailure("\(slot) is a fact, no aside")
      }
    let taken: Set = [facts.person, facts.object, facts.place, facts.date, String(facts.amount)]
    let value = random.pick(values.filter { !taken.contains($0) && !asideValues.contains($0) })
    asideValues.insert(value)
    return value
  }
}
