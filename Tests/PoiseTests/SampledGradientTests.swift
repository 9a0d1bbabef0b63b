import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives
import PoiseRandom
import Testing

@testable import Poise

/// The whole path of an online step, from prompts to parameters, on a table: with a rate of 1 and no clipping the logits move
/// by the negative mean gradient of the responses that were sampled, and that is known on average.
@Suite struct SampledGradientTests {
  static let at = Position.all[3]  // five actions, to which every source of responses gives another gradient
  static let preferential = Algorithm.table.filter { $0.signal == .preferences }.map(\.name)
  static let groupCount = 2000

  /// Mixtures are heavy, so that sampling from anything else shows.
  private func algorithm(_ name: Algorithm.Name, labels: PreferenceLabels = .soft) -> Algorithm {
    var settings = Algorithm.Settings(tau: 0.3, mixture: 0.6)
    settings.labels = labels
    settings.regularization = 0.3
    return Algorithm(name, settings)
  }

  /// By how much one step moves the logits, negated.
  private func sampledGradient(
    _ algorithm: Algorithm, responsesPerPrompt: Int = 3, annotator: any Annotator = TabulatedPreferences(Self.at.game)
  ) throws -> [Double] {
    let at = Self.at
    let model = TabularModel(vocabularySize: at.game.count)
    let policy = TabularPolicy(model, probabilities: at.policy)
    let before = policy.parameters.doubles
    let rewarder = TabulatedRewards(at.rewards)
    let trainer = OnlineTrainer(
      policy, reference: TabularPolicy(model, probabilities: at.reference).parameters, algorithm: algorithm,
      feedback: algorithm.signal == .rewards ? .rewards(rewarder) : .preferences(annotator),
      prompts: [Prompt(tokens: [0], text: "?")], responsesPerPrompt: responsesPerPrompt,
      sampling: SamplingOptions(maximumTokens: 1),
      options: TrainingOptions(
        steps: 1, batchSize: Self.groupCount, schedule: Schedule(rate: 1, totalSteps: 1),
        optimizer: .stochasticGradientDescent(), gradientClip: .infinity, shards: 3, seed: 21),
      pool: WorkerPool(workerCount: 1))
    _ = try trainer.step()
    return zip(before, policy.parameters.doubles).map(-)
  }

  /// The largest distance from what is expected, in standard errors.
  ///
  /// Groups are independent, and the mean over the pairs of a group varies no more than one pair of it. So the error of the
  /// mean of all is at most that of one pair by √groups: distances above 4 are no accident.
  private func deviation(_ found: [Double], from pairs: EnumeratedPairs) -> Double {
    let variance = pairs.gradientVariance(Self.at.policy)
    return zip(zip(found, pairs.expectedGradient(Self.at.policy)), variance).reduce(0) { largest, item in
      max(largest, abs(item.0.0 - item.0.1) / (item.1 / Double(Self.groupCount)).squareRoot())
    }
  }

  private func pairs(_ algorithm: Algorithm) -> EnumeratedPairs {
    EnumeratedPairs(Self.at.game, algorithm, rewards: Self.at.rewards)
  }

  @Test(arguments: Algorithm.Name.allCases, [2, 3])
  func aStepMovesByTheExpectedGradient(_ name: Algorithm.Name, _ responsesPerPrompt: Int) throws {
    let algorithm = algorithm(name)
    let found = try sampledGradient(algorithm, responsesPerPrompt: responsesPerPrompt)
    let pairs = pairs(algorithm)
    #expect(deviation(found, from: pairs) < 4)
  }

  /// The standard errors are small enough to tell.
  @Test func aStepIsNotThatOfAnotherMixture() throws {
    for (name, others) in [
      (Algorithm.Name.ipoMD, [Algorithm.Name.ipo]), (.nashMD, [.selfPlay, .bestResponse]), (.ipo, [.ipoMD]),
      (.selfPlay, [.nashMD, .bestResponse]),
    ] {
      let found = try sampledGradient(algorithm(name))
      for other in others { #expect(deviation(found, from: pairs(algorithm(other))) > 5, "\(name), \(other)") }
    }
  }

  @Test(arguments: preferential) func drawnLabelsMoveLikeSoftOnes(_ name: Algorithm.Name) throws {
    let drawn = algorithm(name, labels: .bernoulli)
    let found = try sampledGradient(drawn)
    #expect(deviation(found, from: pairs(drawn)) < 4)
    let (soft, noisy) = (pairs(algorithm(name)), pairs(drawn))
    #expect(largestDifference(soft.expectedGradient(Self.at.policy), noisy.expectedGradient(Self.at.policy)) < 1e-12)
    for (soft, noisy) in zip(soft.gradientVariance(Self.at.policy), noisy.gradientVariance(Self.at.policy)) {
      #expect(noisy > soft)
    }
  }

  @Test(arguments: preferential) func majoritiesMoveElsewhere(_ name: Algorithm.Name) throws {
    let majority = algorithm(name, labels: .argmax)
    let found = try sampledGradient(majority)
    #expect(deviation(found, from: pairs(majority)) < 4)
    #expect(deviation(found, from: pairs(algorithm(name))) > 5)
  }

  /// A judge who says p² where p is meant, in whichever order it is asked, says (p² + 1 − (1 − p)²)/2 = p on average of both.
  /// Nash-MD-PG, whose own response always comes first, would not average by itself.
  @Test(arguments: preferential) func aBiasOfPositionIsNotPlayed(_ name: Algorithm.Name) throws {
    struct Squared: Annotator {
      let game = SampledGradientTests.at.game
      let isAntisymmetric = false
      func preferences(_ comparisons: [Comparison]) -> [Double] {
        TabulatedPreferences(game).preferences(comparisons).map { $0 * $0 }
      }
    }
    let (biased, unbiased) = (
      try sampledGradient(algorithm(name), annotator: Squared()), try sampledGradient(algorithm(name))
    )
    #expect(largestDifference(biased, unbiased) < 1e-6)
  }
}

/// Looks token ids up in a game.
struct TabulatedPreferences: Annotator {
  let game: PreferenceGame
  let isAntisymmetric = true

  init(_ game: PreferenceGame) { self.game = game }

  func preferences(_ comparisons: [Comparison]) -> [Double] { comparisons.map { game[Int($0.first)!, Int($0.second)!] } }
}

/// Looks token ids up in a list.
struct TabulatedRewards: Rewarder {
  let rewards: [Double]

  init(_ rewards: [Double]) { self.rewards = rewards }

  func rewards(_ answers: [Answer]) -> [Double] { answers.map { rewards[Int($0.response)!] } }
}
