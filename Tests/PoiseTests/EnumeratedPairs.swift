import Foundation
import PoiseGames
import PoiseModel
import PoiseObjectives
import PoiseRandom
import Testing

@testable import Poise

/// What sampled pairs are a sample of: all ordered pairs of the answers to one prompt, each weighed by how likely it is to be
/// drawn. Losses and labels are the engine's own.
struct EnumeratedPairs: Sendable {
  /// By answer, of the first and of the second response of a pair.
  typealias Sources = (first: [Double], second: [Double])

  let game: PreferenceGame
  let algorithm: Algorithm
  /// r(y), by answer; what a policy gradient on a reward is told.
  let rewards: [Double]
  private let sources: @Sendable (_ policy: [Double]) -> Sources

  /// Pairs from where the algorithm samples them. For answers of one token the mixture is that of whole responses.
  init(_ game: PreferenceGame, _ algorithm: Algorithm, rewards: [Double]? = nil) {
    self.init(game, algorithm, rewards: rewards) { policy in
      let mixture = game.mixture(of: policy, weight: algorithm.sampling.mixture)
      return algorithm.sampling == .alike(mixture: algorithm.sampling.mixture) ? (mixture, mixture) : (policy, mixture)
    }
  }

  /// Pairs from anywhere.
  init(
    _ game: PreferenceGame, _ algorithm: Algorithm, rewards: [Double]? = nil,
    sources: @escaping @Sendable (_ policy: [Double]) -> Sources
  ) {
    self.game = game
    self.algorithm = algorithm
    self.rewards = rewards ?? game.reference.map { _ in 0 }
    self.sources = sources
  }

  /// One way that a pair may turn out.
  struct Event {
    let first: Int
    let second: Int
    let probability: Double
    let loss: PairLoss
  }

  /// - Parameter answers: what an objective knows of every answer.
  func forEachEvent(_ answers: [ResponseStatistics], _ body: (Event) -> Void) {
    let (first, second) = sources(answers.map { exp($0.logProbability) })
    for y in answers.indices {
      for other in answers.indices {
        for (share, label) in labels(game[y, other]) {
          let loss = algorithm.objective.evaluate(pair(answers[y], answers[other], y, other, label))
          body(Event(first: y, second: other, probability: first[y] * second[other] * share, loss: loss))
        }
      }
    }
  }

  /// The labels of a preference and how often each is given.
  private func labels(_ preference: Double) -> [(share: Double, label: Double)] {
    func label(_ uniform: Double) -> Double { algorithm.labels.label(preference, uniform: uniform) }
    guard algorithm.labels.kind == .bernoulli else { return [(1, label(0))] }
    return [(preference, label(0)), (1 - preference, label(1.nextDown))]
  }

  private func pair(
    _ first: ResponseStatistics, _ second: ResponseStatistics, _ y: Int, _ other: Int, _ label: Double
  ) -> Pair {
    var pair = Pair(first: first, second: second, preference: label)
    let advantages = algorithm.baseline.advantages([rewards[y], rewards[other]])
    (pair.first.advantage, pair.second.advantage) = (advantages[0], advantages[1])
    return pair
  }
}

extension EnumeratedPairs {
  /// ∂E loss/∂log π(y) and its κ, by answer.
  func coefficients(_ answers: [ResponseStatistics]) -> [(coefficient: Double, logRatioCoefficient: Double)] {
    var sums = answers.map { _ in (coefficient: 0.0, logRatioCoefficient: 0.0) }
    forEachEvent(answers) { event in
      let (loss, probability) = (event.loss, event.probability)
      sums[event.first].coefficient += probability * loss.coefficients.first
      sums[event.second].coefficient += probability * loss.coefficients.second
      sums[event.first].logRatioCoefficient += probability * loss.logRatioCoefficients.first
      sums[event.second].logRatioCoefficient += probability * loss.logRatioCoefficients.second
    }
    return sums
  }

  /// What an objective knows of answers of one token.
  func answers(_ policy: [Double]) -> [ResponseStatistics] {
    zip(policy, game.reference).map { ResponseStatistics(logProbability: log($0), referenceLogProbability: log($1)) }
  }

  /// ∂E loss/∂θ for a softmax over answers of one token, ∇ log π(y) being e_y − π.
  func expectedGradient(_ answers: [ResponseStatistics]) -> [Double] {
    let coefficients = coefficients(answers).map(\.coefficient)
    let total = coefficients.reduce(0, +)
    return zip(coefficients, answers).map { $0 - exp($1.logProbability) * total }
  }

  func expectedGradient(_ policy: [Double]) -> [Double] { expectedGradient(answers(policy)) }

  /// How much one pair's gradient varies about the expected one, by logit.
  func gradientVariance(_ policy: [Double]) -> [Double] {
    var squares = policy.map { _ in 0.0 }
    forEachEvent(answers(policy)) { event in
      let (first, second) = event.loss.coefficients
      for k in policy.indices {
        let slope = (event.first == k ? first : 0) + (event.second == k ? second : 0) - (first + second) * policy[k]
        squares[k] += event.probability * slope * slope
      }
    }
    return zip(squares, expectedGradient(policy)).map { $0 - $1 * $1 }
  }
}

/// A game, where a policy stands in it, and rewards that have nothing to do with it.
struct Position: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let game: PreferenceGame
  let policy: [Double]
  let rewards: [Double]

  var reference: [Double] { game.reference }

  /// Twelve random games of 2 to 6 actions and two where every action is beaten by another.
  static let all: [Position] =
    (0..<12).map { index in
      var generator = CounterGenerator(11, UInt64(index))
      let count = 2 + index % 5
      let reference = generator.distribution(count)
      let game = try! PreferenceGame.random(count: count, reference: reference, using: &generator)
      return Position("random \(index), \(count) actions", game, &generator)
    }
    + [3, 5].map { size in
      var generator = CounterGenerator(12, UInt64(size))
      let reference = generator.distribution(size)
      return Position(
        "cycle of \(size)", try! .rockPaperScissors(size: size, strength: 0.4, reference: reference), &generator)
    }

  private init(_ name: String, _ game: PreferenceGame, _ generator: inout CounterGenerator) {
    testDescription = name
    self.game = game
    policy = generator.distribution(game.count)
    rewards = (0..<game.count).map { _ in generator.normal() }
  }
}

extension PreferenceGame {
  /// Whether no order of the actions explains who beats whom: in an order of n actions they win 0, 1, … n − 1 times.
  var isCyclic: Bool {
    let wins = (0..<count).map { row in (0..<count).count { self[row, $0] > 0.5 } }
    return wins.sorted() != Array(0..<count)
  }
}

extension CounterGenerator {
  /// Positive probabilities of which the largest is some ten times the smallest.
  mutating func distribution(_ count: Int) -> [Double] {
    let weights = (0..<count).map { _ in exp(normal()) }
    return weights.map { $0 / weights.reduce(0, +) }
  }
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// ½ Σ |a − b|
func totalVariation(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
}
