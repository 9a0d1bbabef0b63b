import PoiseModel
import Testing

@testable import Poise

/// What judges can learn from comparisons, and what they cannot.
@Suite struct JudgeLearningTests {
  private func train(_ judge: JudgeModel, _ training: [RecordedComparison], steps: Int = 100, centring: Double = 0.01) throws {
    let trainer = try TinyJudge.trainer(judge, training, centring: centring, options: TinyJudge.options(steps: steps))
    for _ in 0..<steps { _ = try trainer.step() }
  }

  private func judge(_ kind: JudgeModel.Kind) throws -> JudgeModel {
    try JudgeModel(kind, startingFrom: TinyJudge.policy(blocks: kind == .reward ? 1 : 2))
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func bothKindsLearnWhatARewardExplains(_ kind: JudgeModel.Kind) throws {
    func laterWins(_ first: Int, _ second: Int) -> Double { first > second ? 1 : 0 }
    let judge = try judge(kind)
    let unseen = TinyJudge.comparisons(100, seed: 2, rule: laterWins)
    #expect(try judge.preferences(unseen).allSatisfy { $0 == 0.5 })  // no opinion yet
    try train(judge, TinyJudge.comparisons(200, seed: 1, rule: laterWins))
    #expect(try judge.agreement(unseen) >= 0.9)
  }

  /// ant ≻ bee ≻ cat ≻ ant: whatever three rewards are, they are wrong about one pair in three.
  @Test func onlyAPreferenceModelLearnsACycle() throws {
    func nextWins(_ first: Int, _ second: Int) -> Double { (first + 1) % 3 == second ? 0 : 1 }
    let training = TinyJudge.comparisons(150, words: 3, seed: 1, rule: nextWins)
    let unseen = TinyJudge.comparisons(99, words: 3, seed: 2, rule: nextWins)
    let (preference, reward) = (try judge(.preference), try judge(.reward))
    for judge in [preference, reward] { try train(judge, training) }
    #expect(try preference.agreement(unseen) >= 0.98)
    #expect(try reward.agreement(unseen) <= 0.75)
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func softLabelsAreFitted(_ kind: JudgeModel.Kind) throws {
    let labels = [0.9, 0.65, 0.5, 0.2]
    let pairs = labels.enumerated().map { index, label in
      let (first, second) = (TinyJudge.words[2 * index], TinyJudge.words[2 * index + 1])
      return RecordedComparison(
        Comparison(prompt: "which?", first: TinyJudge.text([first]), second: TinyJudge.text([second])), preference: label)
    }
    let judge = try judge(kind)
    try train(judge, Array(repeating: pairs, count: 4).flatMap(\.self), steps: 150)
    for (predicted, label) in try zip(judge.preferences(pairs), labels) { #expect(abs(predicted - label) < 0.03) }
  }

  /// The likelihood of preferences knows only differences, so rewards drift together unless they are centred.
  @Test func centringKeepsRewardsNearZero() throws {
    let training = TinyJudge.comparisons(100, seed: 1) { $0 > $1 ? 0.8 : 0.2 }
    func meanReward(centring: Double) throws -> Double {
      let judge = try TinyJudge.opinionated(.reward)
      try train(judge, training, centring: centring)
      #expect(try judge.agreement(training) > 0.9)
      let answers = TinyJudge.words.map { Answer(prompt: "0?", response: TinyJudge.text([$0])) }
      let rewards = try RewardModelRewarder(judge, pool: WorkerPool(workerCount: 1)).rewards(answers)
      return rewards.reduce(0, +) / Double(rewards.count)
    }
    #expect(try abs(meanReward(centring: 0)) > 1)
    #expect(try abs(meanReward(centring: 0.1)) < 0.3)
  }
}
