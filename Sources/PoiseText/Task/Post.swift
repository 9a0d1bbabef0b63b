import PoiseFiles

/// A short post: somebody wants something, for a sum, in a place, by a date, and cannot help mentioning the weather.
public struct Post: Equatable, Sendable {
  /// One paragraph of 40–90 words.
  public let text: String
  public let facts: Facts
  /// The order in which the text mentions the facts.
  public let order: [Fact]
  /// The values that asides mention (`Tamo`, `Porto`, `17`, `Sunday`, `lamp`), in the order of the text.
  public let asides: [String]
}

/// Why a text is not a post of the built-in task.
public enum PostError: ExplainedError, Equatable {
  /// No sentence of the grammar starts at this word (counted from 1).
  case unknownSentence(word: Int, near: String)
  case missing(Fact)
  case repeated(Fact)
  /// The prompt does not end as `TaskGenerator.prompt(for:)` ends it.
  case noPrompt

  public var category: FailureCategory { .badData }

  public var description: String {
    switch self {
    case .unknownSentence(let word, let near):
      "This is not a post of the built-in task: no sentence of its grammar starts at word \(word) (\"\(near)\"). "
        + "The rubric judges only prompts that `poise data make` wrote; use another annotator for other prompts."
    case .missing(let fact): "This is not a post of the built-in task: it names no \(fact)."
    case .repeated(let fact): "This is not a post of the built-in task: it names the \(fact) twice."
    case .noPrompt:
      "This is not a prompt of the built-in task: it does not end with \"\(TaskGenerator.promptEnding.dropFirst())\" on a line "
        + "of its own. The rubric judges only prompts that `poise data make` wrote; use another annotator for other prompts."
    }
  }
}

extension Post {
  /// Reads a post back from its text alone, sentence by sentence, with the templates that wrote it.
  public init(parsing text: String) throws(PostError) {
    let words = text.split(separator: " ")
    var values: [PhraseTemplate.Slot: String] = [:]
    var order: [Fact] = []
    var asides: [String] = []
    var position = 0
    while position < words.count {
      guard let sentence = Post.sentence(in: words, from: position) else {
        throw .unknownSentence(word: position + 1, near: words[position...].prefix(4).joined(separator: " "))
      }
      for (slot, value) in sentence.values {
        if slot.fact == nil { asides.append(value) } else { values[slot] = value }
      }
      for fact in sentence.facts {
        if order.contains(fact) { throw .repeated(fact) }
        order.append(fact)
      }
      position = sentence.end
    }
    for fact in Fact.allCases where !order.contains(fact) { throw .missing(fact) }
    self.init(text: text, facts: Facts(values), order: order, asides: asides)
  }

  private static func sentence(
    in words: [Substring], from start: Int
  ) -> (values: [(PhraseTemplate.Slot, String)], facts: [Fact], end: Int)? {
    for template in PostPhrases.byFirstWord[String(words[start])] ?? [] {
      if let match = template.match(words, from: start) { return (match.values, template.facts, match.end) }
    }
    return nil
  }
}

extension Facts {
  /// - Precondition: every slot that belongs to a fact has a value that the slot admits.
  init(_ values: [PhraseTemplate.Slot: String]) {
    let figure = values[.figure]!.split(separator: " ")
    self.init(
      person: values[.person]!, object: values[.object]!, request: values[.request]!, amount: Int(figure[0])!,
      currency: String(figure[1]), place: values[.place]!, date: values[.date]!)
  }

  var values: [PhraseTemplate.Slot: String] {
    [.person: person, .object: object, .request: request, .figure: figure, .place: place, .date: date]
  }
}
