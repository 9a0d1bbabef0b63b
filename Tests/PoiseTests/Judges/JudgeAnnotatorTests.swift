import Foundation
import PoiseModel
import Testing

@testable import Poise

/// Learned judges at work.
@Suite struct JudgeAnnotatorTests {
  private let pool = WorkerPool(workerCount: 2)
  private let comparisons = TinyJudge.comparisons(70, seed: 9) { _, _ in 1 }.map(\.comparison)

  private func annotator() throws -> PreferenceModelAnnotator {
    PreferenceModelAnnotator(try TinyJudge.opinionated(.preference), pool: pool)
  }

  private func rewarder(_ judge: JudgeModel? = nil) throws -> RewardModelRewarder {
    RewardModelRewarder(try judge ?? TinyJudge.opinionated(.reward), pool: pool)
  }

  private func answers(_ comparisons: [Comparison]) -> [Answer] {
    comparisons.flatMap { [Answer(prompt: $0.prompt, response: $0.first), Answer(prompt: $0.prompt, response: $0.second)] }
  }

  // MARK: Preference models

  @Test func preferencesOfBothOrdersAddUpToOneExactly() throws {
    let annotators: [any Annotator] = [try annotator(), RewardAnnotator(try rewarder())]
    for annotator in annotators {
      let forth = try annotator.preferences(comparisons)
      let apart = try annotator.preferences(comparisons.map(\.swapped))
      let together = try annotator.preferences(comparisons + comparisons.map(\.swapped))
      for index in comparisons.indices {
        #expect(forth[index] + apart[index] == 1)
        #expect(together[index] + together[comparisons.count + index] == 1)
      }
      #expect(Set(forth).count > 40 && forth.contains { abs($0 - 0.5) > 0.05 })
    }
    // The preference model itself has a bias of position, or there was nothing to do.
    #expect(try annotator().predictions(comparisons).contains { $0.asymmetry > 0.01 })
  }

  /// p is the mean of what the model says of the two orders, as plain double-precision loops compute it.
  @Test func aPreferenceIsTheMeanOfWhatTheModelSaysOfBothOrders() throws {
    let judge = try TinyJudge.opinionated(.preference)
    let specification = TransformerSpecification(judge.transformer, parameters: judge.parameters)
    let found = try PreferenceModelAnnotator(judge, pool: pool).preferences(comparisons)
    for (comparison, found) in zip(comparisons, found).prefix(5) {
      let prompt = judge.tokenizer.encode(comparison.prompt).map { Int32($0) }
      let responses = [comparison.first, comparison.second].map { judge.tokenizer.encode($0).map { Int32($0) } + [0] }
      let forth = specification.score(of: responses[0] + responses[1], after: prompt)
      let back = specification.score(of: responses[1] + responses[0], after: prompt)
      let expected = (sigmoid(forth) + 1 - sigmoid(back)) / 2
      #expect(abs(found - expected) < 1e-5)
    }
  }

  @Test func equalTextsAreATie() throws {
    let annotator = try annotator()
    let equal = Comparison(prompt: "which?", first: " ant", second: " ant")
    #expect(try annotator.preferences([comparisons[0], equal, comparisons[1]])[1] == 0.5)
    #expect(try annotator.preferences([equal]) == [0.5] && annotator.preferences([]) == [])
  }

  /// Texts that a reader cannot tell apart, of different bytes: they are different tokens.
  @Test func canonicallyEqualTextsAreDifferentTexts() throws {
    let (composed, decomposed) = ("\u{E9}", "e\u{301}")
    #expect(composed == decomposed)
    #expect(try annotator().preferences([Comparison(prompt: "?", first: composed, second: decomposed)]) != [0.5])
    let both = [composed, decomposed].map { Answer(prompt: "?", response: $0) }
    let rewards = try rewarder().rewards(both)
    #expect(abs(rewards[0] - rewards[1]) > 1e-3)
    let alone = try rewarder().rewards([both[1]])[0]
    #expect(abs(rewards[1] - alone) < 1e-5)
  }

  // MARK: Reward models

  @Test func equalAnswersGetEqualRewardsToTheBit() throws {
    let answers = answers(comparisons)
    let rewards = try rewarder().rewards(answers + answers.reversed())
    #expect(rewards == rewards.reversed())
    #expect(Set(rewards).count > 20)
    let again = Comparison(prompt: comparisons[0].prompt, first: comparisons[0].first, second: comparisons[0].first)
    #expect(try RewardAnnotator(rewarder()).preferences(comparisons + [again]).last == 0.5)
  }

  /// Neither other prompts, nor other responses to the same prompt, nor their number.
  @Test func aRewardDoesNotDependOnWhatElseIsAsked() throws {
    let rewarder = try rewarder()
    let long = TinyJudge.text(Array(repeating: "fox", count: 40))
    let prompts = ["which?", TinyJudge.text(Array(repeating: "gnu", count: 40))]
    let crowd = prompts.flatMap { prompt in
      TinyJudge.words.map { Answer(prompt: prompt, response: " \($0)") } + [Answer(prompt: prompt, response: long)]
        + (0..<9).map { Answer(prompt: prompt, response: " \($0)") }
    }
    let together = try rewarder.rewards(crowd)
    for (answer, reward) in zip(crowd, together) { #expect(try abs(rewarder.rewards([answer])[0] - reward) < 1e-5) }
    #expect(Set(together.map { ($0 * 1e4).rounded() }).count > 30)
  }

  @Test func rewardsAreWhatTheSpecificationSays() throws {
    let judge = try TinyJudge.opinionated(.reward)
    let specification = TransformerSpecification(judge.transformer, parameters: judge.parameters)
    let answers = Array(answers(comparisons).prefix(6))
    for (answer, reward) in try zip(answers, rewarder(judge).rewards(answers)) {
      let tokens = [answer.prompt, answer.response].map { judge.tokenizer.encode($0).map { Int32($0) } }
      #expect(abs(reward - specification.score(of: tokens[1] + [0], after: tokens[0])) < 1e-5)
    }
  }

  // MARK: Policies of other tokenizers

  /// The judge is given the policy's text and reads it with its own tokenizer, to which the policy's ids would mean other texts.
  @Test func aJudgeOfAnotherTokenizerJudgesThePolicysText() throws {
    let policy = TinyJudge.policy()
    let judge = try TinyJudge.opinionated(.reward, TinyJudge.policy(TinyJudge.otherTokenizer))
    let ids = policy.tokenizer!.encode(" bee dog")
    #expect(judge.tokenizer.encode(" bee dog") != ids)
    #expect(judge.tokenizer.decode(ids) != " bee dog")

    let recorder = Recorder(try rewarder(judge))
    let trainer = OnlineTrainer(
      policy, reference: TinyJudge.policy().parameters, algorithm: Algorithm(.reinforce), feedback: .rewards(recorder),
      prompts: [try policy.prompt(.text(" hen"), responseTokens: 6)], sampling: SamplingOptions(maximumTokens: 6),
      options: TinyJudge.options(steps: 1, batchSize: 2), pool: pool)
    let sampled = Sampler(
      policy.transformer, options: SamplingOptions(maximumTokens: 6), pool: pool
    ).sample(
      Array(repeating: policy.tokenizer!.encode(" hen").map { Int32($0) }, count: 2), count: 2, policy: policy.parameters,
      key: SamplingKey(seed: 5, step: 0))
    let expected = sampled.joined().map { Answer(prompt: " hen", response: policy.text(of: $0.tokens)) }
    let record = try trainer.step()
    #expect(recorder.asked == expected)
    let rewards = try rewarder(judge).rewards(expected)
    #expect(abs(try #require(record.sampling?.reward) - rewards.reduce(0, +) / 4) < 1e-5)
  }

  /// Remembers what it was asked.
  private final class Recorder: Rewarder, @unchecked Sendable {
    let rewarder: any Rewarder
    private(set) var asked: [Answer] = []

    init(_ rewarder: any Rewarder) { self.rewarder = rewarder }

    func rewards(_ answers: [Answer]) throws -> [Double] {
      asked += answers
      return try rewarder.rewards(answers)
    }
  }

  // MARK: Both orders

  /// Prefers what comes first, and counts how often it is asked.
  private final class FirstWins: Annotator, @unchecked Sendable {
    let isAntisymmetric: Bool
    private(set) var count = 0

    init(isAntisymmetric: Bool) { self.isAntisymmetric = isAntisymmetric }

    func preferences(_ comparisons: [Comparison]) -> [Double] {
      count += comparisons.count
      return comparisons.map { _ in 0.75 }
    }
  }

  @Test func onlyAnnotatorsWithABiasOfPositionAreAskedTwice() throws {
    let (trusted, biased) = (FirstWins(isAntisymmetric: true), FirstWins(isAntisymmetric: false))
    #expect(try BothOrders.symmetrizing(trusted).preferences(comparisons) == comparisons.map { _ in 0.75 })
    #expect(trusted.count == 70)
    #expect(try BothOrders.symmetrizing(biased).preferences(comparisons) == comparisons.map { _ in 0.5 })
    #expect(biased.count == 140)
    #expect(try BothOrders.symmetrizing(annotator()) is PreferenceModelAnnotator)
    #expect(try BothOrders.symmetrizing(RewardAnnotator(rewarder())) is RewardAnnotator)
  }
}

/// σ(x)
private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
