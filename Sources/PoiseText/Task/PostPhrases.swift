/// The sentences that posts are made of.
///
/// Cues are local on purpose: the word before a value says whether it matters. What matters stands after *from*, *a*, *for*,
/// *in* and *by*, the words that summaries put before it too; asides use other words (*cousin*, *the*, *to*, *of*, *on*,
/// *last*). So copying the first name fails, while "what stood after this word?" (one induction head) is right.
enum PostPhrases {
  enum Voice: CaseIterable, Sendable { case first, third }

  struct Clause: Sendable {
    let template: PhraseTemplate
    /// Whose words these are; nil fits both.
    let voice: Voice?

    init(_ text: String, _ voice: Voice? = nil) {
      template = PhraseTemplate(text)
      self.voice = voice
    }
  }

  /// Sentences that name exactly `facts`, in that order; empty where there are none.
  static func clauses(naming facts: [Fact], voice: Voice) -> [Clause] {
    (byFacts[facts] ?? []).filter { $0.voice == nil || $0.voice == voice }
  }

  private static let byFacts = Dictionary(grouping: clauses) { $0.template.facts }

  static let clauses: [Clause] = [
    // person
    Clause("Hello to everyone from {person}.", .first),
    Clause("Greetings from {person}, your neighbour.", .first),
    Clause("These lines come from {person}.", .first),
    Clause("This is a wish from {person} next door.", .third),
    Clause("I pass on these lines from {person}, who is not online.", .third),
    // matter
    Clause("I'm looking for a {object} {request}.", .first),
    Clause("What I need is a {object} {request}.", .first),
    Clause("My old one gave up, so I need a {object} {request}.", .first),
    Clause("The old one gave up, so now a {object} {request} is needed.", .third),
    Clause("The wish is simple: a {object} {request}."),
    Clause("It is all about a {object} {request}."),
    // figure
    Clause("We agreed to do it for {figure}."),
    Clause("It should work for {figure}, not more."),
    Clause("Somebody said it can be done for {figure}."),
    // place
    Clause("I live in {place}.", .first),
    Clause("All of this is in {place}."),
    Clause("Home is a small flat in {place}."),
    // date
    Clause("It has to be done by {date}."),
    Clause("Please answer by {date}, if you can."),
    Clause("It would be good to know by {date}."),
    // two facts in one sentence
    Clause("Hello from {person} in {place}.", .first),
    Clause("This is a wish from {person}, who lives in {place}.", .third),
    Clause("Greetings from {person}, who needs a {object} {request}."),
    Clause("A wish from {person} is going round: a {object} {request}.", .third),
    Clause("Here in {place} you get greetings from {person}.", .first),
    Clause("All over town in {place} you hear this wish from {person}.", .third),
    Clause("I need a {object} {request} for {figure}.", .first),
    Clause("It is about a {object} {request} for {figure}."),
    Clause("Who can help with a {object} {request} in {place}?"),
    Clause("Who can help with a {object} {request} by {date}?"),
    Clause("Who in {place} knows about a {object} {request}?"),
    Clause("It should work for {figure} and by {date}."),
    Clause("It should work by {date} and for {figure}."),
    Clause("It has to be done in {place} by {date}."),
    Clause("It has to be done by {date}, somewhere in {place}."),
    Clause("It should work for {figure}, even in {place}."),
    Clause("Here in {place} they do it for {figure}."),
  ]

  /// Sentences that do not matter. Each is self-contained and fits between any two others.
  static let asides: [PhraseTemplate] = [
    "It has been raining all week.",
    "The sun is out at last.",
    "The cat is asleep on my coat.",
    "I should really drink less coffee.",
    "The birds are loud this morning.",
    "My cousin {otherPerson} says hello.",
    "I had tea with {otherPerson} and we laughed a lot.",
    "Thank you, {otherPerson}, for the cake.",
    "Last night {otherPerson} sang on the balcony.",
    "My sister just moved to {otherPlace}.",
    "The train to {otherPlace} was late again.",
    "A postcard of {otherPlace} came today.",
    "I counted {number} ducks on the pond.",
    "The bus took {number} minutes today.",
    "I picked {number} apples and ate two.",
    "It is {number} steps up to my door.",
    "Last {otherDay} I saw a fox in the garden.",
    "On {otherDay} we baked bread and it was good.",
    "The choir next door sings every {otherDay} night.",
    "At least the {otherObject} still works.",
    "My brother just bought the {otherObject} next door.",
    "Once I walked to {otherPlace} with {otherPerson}.",
    "On {otherDay} my cousin {otherPerson} made {number} pancakes.",
  ].map(PhraseTemplate.init)

  /// Every sentence of the grammar under its first word, which is never a blank.
  static let byFirstWord: [String: [PhraseTemplate]] = Dictionary(grouping: clauses.map(\.template) + asides) { template in
    guard case .word(let word)? = template.pieces.first else { preconditionFailure("a phrase starts with a blank") }
    return word
  }
}
