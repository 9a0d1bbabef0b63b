import Foundation
import PoiseGames
import PoiseModel
import PoiseRandom
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import Poise

/// Policies whose responses are all listed, against formulas that are evaluated here.
@Suite struct EnumeratedGameTests {
  let pool = WorkerPool(workerCount: 2)

  /// A preference for every pair of texts, without any order behind it.
  private struct Tabled: Annotator {
    let isAntisymmetric = true

    func preferences(_ comparisons: [Comparison]) -> [Double] { comparisons.map(Self.preference) }

    static func preference(_ comparison: Comparison) -> Double {
      guard comparison.first != comparison.second else { return 0.5 }
      guard comparison.isInByteOrder else { return 1 - preference(comparison.swapped) }
      let texts = [comparison.prompt, comparison.first, comparison.second].joined(separator: "|")
      var random = CounterGenerator(CounterGenerator.word(of: texts))
      return random.uniform()
    }
  }

  private func tabular(_ name: String, _ model: TabularModel) -> TabularPolicy {
    TabularPolicy(model, logits: normalRow(name, count: model.parameterLayout.count, scale: 1).doubles)
  }

  /// The definitions, with sums over all pairs.
  private struct Direct {
    var exploitability = 0.0
    var rawExploitability = 0.0
    var divergence = 0.0
    var winRate = 0.0

    init(_ policy: [Double], _ reference: [Double], tau: Double, _ preference: (_ row: Int, _ column: Int) -> Double) {
      let rates = policy.indices.map { row in policy.indices.reduce(0) { $0 + policy[$1] * preference(row, $1) } }
      divergence = zip(policy, reference).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      let partition = zip(reference, rates).reduce(0) { $0 + $1.0 * exp($1.1 / tau) }
      exploitability = tau * log(partition) + tau * divergence - 0.5
      rawExploitability = rates.max()! - 0.5
      winRate = 1 - zip(reference, rates).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  @Test(arguments: [[], [1]])
  func aTableOfTwoTokensIsWhatTheFormulasSay(_ endOfSequence: [Int]) throws {
    let model = TabularModel(promptCount: 2, vocabularySize: 3, responseLength: 2, endOfSequence: endOfSequence)
    let (policy, reference) = (tabular("policy", model), tabular("reference", model))
    let prompts = (0..<2).map { Prompt(tokens: [$0], text: "prompt \($0)") }
    let enumeration = try ResponseEnumeration(policy, maximumTokens: 2, pool: pool)
    let responses = SoftmaxTable.responses(
      vocabularySize: 3, length: 2, endOfSequence: Set(endOfSequence.map { Int32($0) }))
    #expect(Set(enumeration.responses) == Set(responses) && enumeration.responses.count == responses.count)
    #expect(responses.count == (endOfSequence.isEmpty ? 9 : 7))

    func distribution(_ parameters: Arena, _ prompt: Int32) -> [Double] {
      let table = SoftmaxTable(logits: parameters.doubles, vocabularySize: 3) { model.context(prompt: prompt, after: $0) }
      return enumeration.responses.map { exp(table.logProbability(of: $0)) }
    }
    let tau = 0.3
    let direct = prompts.map { prompt in
      Direct(distribution(policy.parameters, prompt.tokens[0]), distribution(reference.parameters, prompt.tokens[0]), tau: tau) {
        let texts = [$0, $1].map { policy.text(of: enumeration.responses[$0]) }
        return Tabled.preference(Comparison(prompt: prompt.text, first: texts[0], second: texts[1]))
      }
    }
    let standing = try enumeration.standing(
      of: policy.parameters, reference: reference.parameters, prompts: prompts, judge: Tabled(), tau: tau)
    func expect(_ found: Double, _ value: (Direct) -> Double) { #expect(abs(found - direct.map(value).mean) < 1e-6) }
    expect(standing.mean.exploitability, \.exploitability)
    expect(standing.mean.rawExploitability, \.rawExploitability)
    expect(standing.mean.divergence, \.divergence)
    expect(standing.mean.winRate, \.winRate)
    #expect(standing.promptCount == 2 && standing.responseCount == responses.count && standing.mean.exploitability > 0.01)
  }

  /// What a policy at the equilibrium looks like, and what its reference does.
  @Test func atTheEquilibriumNothingIsLeft() throws {
    let model = TabularModel(vocabularySize: 3)
    let game = try PreferenceGame.rockPaperScissors(strength: 0.4, reference: [0.6, 0.3, 0.1])
    let equilibrium = try game.regularizedNash(tau: 0.1).policy
    let policy = TabularPolicy(model, probabilities: equilibrium)
    let reference = TabularPolicy(model, probabilities: game.reference)
    let enumeration = try ResponseEnumeration(policy, maximumTokens: 1, pool: pool)
    func standing(_ arena: Arena) throws -> EnumeratedStanding {
      try enumeration.standing(
        of: arena, reference: reference.parameters, prompts: [Prompt(tokens: [0], text: "")], judge: GameAnnotator(game),
        tau: 0.1)
    }
    let (best, start) = (try standing(policy.parameters), try standing(reference.parameters))
    #expect(abs(best.mean.exploitability) < 1e-12 && best.mean.equilibriumDistance < 1e-6)
    #expect(abs(best.mean.rawExploitability - 0.0992) < 1e-4)  // as published for this game
    #expect(abs(start.mean.divergence) < 1e-12 && abs(start.mean.winRate - 0.5) < 1e-6)
    #expect(abs(start.mean.equilibriumDistance - totalVariation(equilibrium, game.reference)) < 1e-6)
  }

  /// Log-probabilities of single tokens are exact to some 1e-7; the row-by-row evaluation shares none of the engine's passes.
  @Test func aTransformerIsEnumeratedToo() throws {
    let (policy, reference) = (tinyPolicy(seed: 3, vocabularySize: 5), tinyPolicy(seed: 4, vocabularySize: 5))
    let prompts = [Prompt(tokens: [3], text: "a"), Prompt(tokens: [1, 2, 4], text: "b")]
    let enumeration = try ResponseEnumeration(policy, maximumTokens: 3, pool: pool)
    #expect(enumeration.responses.count == 1 + 4 + 64 + 16)  // ended with the first, second or third token, or not
    #expect(Set(enumeration.responses).count == 85)
    let tau = 0.2
    let standing = try enumeration.standing(
      of: policy.parameters, reference: reference.parameters, prompts: prompts, judge: Tabled(), tau: tau)
    let direct = prompts.map { prompt in
      func distribution(_ model: Policy) -> [Double] {
        let groups = enumeration.responses.map { TokenGroup(prompt: prompt.tokens, responses: [$0]) }
        return Scorer(model.transformer, policy: model.parameters, reference: nil, pool: pool).score(groups).map {
          exp($0.logProbability)
        }
      }
      return Direct(distribution(policy), distribution(reference), tau: tau) {
        let texts = [$0, $1].map { policy.text(of: enumeration.responses[$0]) }
        return Tabled.preference(Comparison(prompt: prompt.text, first: texts[0], second: texts[1]))
      }
    }
    #expect(abs(standing.mean.exploitability - direct.map(\.exploitability).mean) < 1e-5)
    #expect(abs(standing.mean.rawExploitability - direct.map(\.rawExploitability).mean) < 1e-5)
    #expect(abs(standing.mean.divergence - direct.map(\.divergence).mean) < 1e-5 && standing.mean.divergence > 0.001)
    #expect(abs(standing.mean.winRate - direct.map(\.winRate).mean) < 1e-5)
    #expect(standing.mean.equilibriumDistance > 0.01 && standing.mean.equilibriumDistance < 1)
  }

  @Test func everyPairIsAskedOnce() throws {
    final class Counting: Annotator, @unchecked Sendable {
      let isAntisymmetric = true
      var asked: [Comparison] = []
      func preferences(_ comparisons: [Comparison]) -> [Double] {
        asked += comparisons
        return comparisons.map(Tabled.preference)
      }
    }
    let counting = Counting()
    let policy = tabular("policy", TabularModel(vocabularySize: 3, responseLength: 2))
    let enumeration = try ResponseEnumeration(policy, maximumTokens: 2, pool: pool)
    _ = try enumeration.game(prompt: Prompt(tokens: [0], text: "x"), reference: policy.parameters, judge: counting)
    #expect(counting.asked.count == 36 && Set(counting.asked.map { Set([$0.first, $0.second]) }).count == 36)
  }

  // MARK: Refusals

  @Test func asManyAsTheLimitAreEnumeratedAndNoMore() throws {
    let most = tabular("policy", TabularModel(vocabularySize: 2_000))
    #expect(try ResponseEnumeration(most, maximumTokens: 1, pool: pool).responses.count == 2_000)
    let error = #expect(throws: EnumerationError.self) {
      try ResponseEnumeration(tinyPolicy(vocabularySize: 11), maximumTokens: 4, pool: pool)
    }
    // 1 + 10 + 100 + 1000 that end, and 10⁴ that do not.
    #expect(error == .tooManyResponses(vocabularySize: 11, maximumTokens: 4, count: 11_111))
    for part in ["11 tokens", "up to 4", "11111", "2000"] { #expect(error?.description.contains(part) == true) }
    #expect(throws: EnumerationError.tooManyResponses(vocabularySize: 11, maximumTokens: 400, count: nil)) {
      try ResponseEnumeration(tinyPolicy(vocabularySize: 11), maximumTokens: 400, pool: pool)
    }
  }

  /// A table of responses of two tokens that is cut after the first: what is left are its first tokens, and those add up.
  @Test func probabilitiesThatDoNotAddUpAreRefused() throws {
    let policy = tabular("policy", TabularModel(vocabularySize: 3, responseLength: 2))
    let short = try ResponseEnumeration(policy, maximumTokens: 1, pool: pool)
    let prompt = Prompt(tokens: [0], text: "")
    #expect(try abs(short.distribution(policy.parameters, prompt: prompt).reduce(0, +) - 1) < 1e-12)
    let arena = policy.parameters
    var values = arena[writingElements: 0..<1]
    values[0] = .nan
    #expect(throws: EnumerationError.self) { try short.distribution(arena, prompt: prompt) }
  }
}

/// Plays a game: the texts of responses are the numbers of actions.
struct GameAnnotator: Annotator {
  let game: PreferenceGame
  let isAntisymmetric = true

  init(_ game: PreferenceGame) { self.game = game }

  func preferences(_ comparisons: [Comparison]) -> [Double] {
    comparisons.map { game[Int($0.first)!, Int($0.second)!] }
  }
}
