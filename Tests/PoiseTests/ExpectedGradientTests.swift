import Foundation
import PoiseGames
import PoiseObjectives
import Testing

@testable import Poise

/// The mean gradient of every algorithm, in the logits of a softmax, against its closed form. Both sides are sums of a few
/// terms of order 1/τ in double precision, so they agree to 1e-10 with digits to spare.
@Suite struct ExpectedGradientTests {
  static let taus = [0.05, 0.4, 2]

  private func algorithm(
    _ name: Algorithm.Name, _ tau: Double, mixture: Double? = nil, form: IdentityPreferenceOptimization.Form = .code,
    labels: PreferenceLabels = .soft
  ) -> Algorithm {
    var settings = Algorithm.Settings(tau: tau, mixture: mixture)
    settings.form = form
    settings.labels = labels
    settings.regularization = 0.3
    return Algorithm(name, settings)
  }

  private func gradient(_ at: Position, _ algorithm: Algorithm) -> [Double] {
    EnumeratedPairs(at.game, algorithm, rewards: at.rewards).expectedGradient(at.policy)
  }

  private func expect(
    _ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(largestDifference(found, expected) < 1e-10, "\(found) is not \(expected)", sourceLocation: sourceLocation)
  }

  @Test func halfOfTheGamesAreCyclic() {
    #expect(Position.all.count { $0.game.isCyclic } >= Position.all.count / 2)
  }

  /// Losses see log-ratios only through normalised policies: a common shift of all logits changes nothing.
  @Test(arguments: Position.all, Algorithm.Name.allCases)
  func componentsOfAGradientAddUpToNothing(_ at: Position, _ name: Algorithm.Name) {
    let gradient = gradient(at, algorithm(name, 0.3))
    #expect(gradient.map(abs).max()! > 1e-3)
    #expect(abs(gradient.reduce(0, +)) < 1e-13)
  }

  /// The theorem that online IPO rests on (Calandriello et al. 2024, proposition 4.2), with the factor of the loss as printed.
  @Test(arguments: Position.all, taus)
  func onlineIPOIsSelfPlay(_ at: Position, _ tau: Double) {
    let ascent = at.selfPlayAscent(tau)
    expect(gradient(at, algorithm(.ipo, tau, form: .squared)), ascent.map { -4 / tau * $0 })
    expect(gradient(at, algorithm(.ipo, tau)), ascent.map { -4 * $0 })
    expect(gradient(at, algorithm(.selfPlay, tau)), ascent.map { -$0 })
  }

  @Test(arguments: Position.all, [0, 0.125, 0.5, 1])
  func nashMDClimbsTheWinRateOverTheMixture(_ at: Position, _ mixture: Double) {
    let tau = 0.2
    let score = at.score(at.game.winRates(against: at.game.mixture(of: at.policy, weight: mixture)), tau)
    let descent = at.covariance(under: at.policy, score).map { -$0 }
    expect(gradient(at, algorithm(.nashMD, tau, mixture: mixture)), descent)
    if mixture == 1 { expect(gradient(at, algorithm(.bestResponse, tau)), descent) }
  }

  /// −(4/τ) Cov(∇ log π, A) under the mixture. A baseline of ½ in place of A's mean would not do: ∇ log π does not average to
  /// nothing there, but to the way from the policy to the mixture.
  @Test(arguments: Position.all, [0, 0.125, 0.5, 1])
  func mixedIPOIsACovarianceUnderTheMixture(_ at: Position, _ mixture: Double) {
    let tau = 0.2
    let source = at.game.mixture(of: at.policy, weight: mixture)
    let score = at.score(at.game.winRates(against: source), tau)
    let squared = gradient(at, algorithm(.ipoMD, tau, mixture: mixture, form: .squared))
    expect(squared, at.covariance(under: source, score).map { -4 / tau * $0 })
    expect(gradient(at, algorithm(.ipoMD, tau, mixture: mixture)), squared.map { tau * $0 })

    let excess = zip(source, score).reduce(0) { $0 + $1.0 * ($1.1 - 0.5) }
    let naive = at.policy.indices.map { -4 / tau * (source[$0] * (score[$0] - 0.5) - at.policy[$0] * excess) }
    let error = at.policy.indices.map { -4 / tau * excess * (source[$0] - at.policy[$0]) }
    expect(zip(naive, squared).map(-), error)
    #expect((error.map(abs).max()! > 1e-4) == (mixture > 0))
  }

  @Test(arguments: Position.all, taus)
  func onlineDPOFitsLogOddsToWinRates(_ at: Position, _ tau: Double) {
    let expected = at.policy.indices.map { y in
      let explained = at.policy.indices.reduce(0) { $0 + at.policy[$1] / (1 + exp(-tau * at.margin(y, $1))) }
      return -2 * tau * at.policy[y] * (at.game.winRates(against: at.policy)[y] - explained)
    }
    expect(gradient(at, algorithm(.dpo, tau)), expected)
  }

  /// Inside the box |τh| < 1 there are win rates and nothing else.
  @Test(arguments: Position.all) func inItsBoxSLiCIsSelfPlayWithoutARegulariser(_ at: Position) {
    let tau = 0.9 / at.largestMargin
    let rates = at.game.winRates(against: at.policy)
    expect(gradient(at, algorithm(.slic, tau)), at.policy.indices.map { -2 * tau * at.policy[$0] * (2 * rates[$0] - 1) })
  }

  @Test(arguments: Position.all) func beyondItsKinksSLiCHearsOnlyOneSide(_ at: Position) {
    let tau = 2 / at.largestMargin
    let expected = at.policy.indices.map { y in
      -2 * tau
        * at.policy.indices.reduce(0) { sum, other in
          let (p, u) = (at.game[y, other], tau * at.margin(y, other))
          return sum + at.policy[y] * at.policy[other] * ((u < 1 ? p : 0) - (u > -1 ? 1 - p : 0))
        }
    }
    expect(gradient(at, algorithm(.slic, tau)), expected)
    #expect(largestDifference(expected, gradient(at, algorithm(.slic, 0.9 / at.largestMargin))) > 1e-3)
  }

  /// With δ beyond every margin: twice the win rates as SLiC has them, and −λ E log π of the preferred response, who is y with
  /// probability 2π(y)p(y ≻ π).
  @Test(arguments: Position.all) func theFirstSLiCAlsoSaysWhatIsPreferred(_ at: Position) {
    var settings = Algorithm.Settings()
    (settings.margin, settings.regularization) = (100, 0.3)
    let rates = at.game.winRates(against: at.policy)
    let expected = at.policy.indices.map { y in
      let pi = at.policy[y]
      return -2 * pi * (2 * rates[y] - 1) - 0.3 * (2 * pi * rates[y] - pi)
    }
    expect(gradient(at, Algorithm(.slicHF, settings)), expected)
  }

  /// Twice the descent of E r − τ KL(π ‖ μ), one for each response. The mean of both rewards as the baseline halves rewards, not
  /// the regulariser.
  @Test(arguments: Position.all, taus)
  func policyGradientsClimbTheRegularisedReward(_ at: Position, _ tau: Double) {
    for (baseline, share) in [(RewardBaseline.leaveOneOut, 1), (.mean, 0.5)] {
      var settings = Algorithm.Settings(tau: tau)
      settings.baseline = baseline
      let ascent = at.covariance(under: at.policy, at.score(at.rewards.map { share * $0 }, tau))
      expect(gradient(at, Algorithm(.reinforce, settings)), ascent.map { -2 * $0 })
    }
  }

  /// Losses are affine in the label, so an unbiased draw of it does on average what the preference itself does; its majority is
  /// another game.
  @Test(arguments: Position.all, Algorithm.table.filter { $0.signal == .preferences }.map(\.name))
  func drawnLabelsAreSoftOnAverageAndMajoritiesAreNot(_ at: Position, _ name: Algorithm.Name) {
    let soft = gradient(at, algorithm(name, 0.3))
    let drawn = gradient(at, algorithm(name, 0.3, labels: .bernoulli))
    #expect(largestDifference(soft, drawn) < 1e-13)
    #expect(largestDifference(soft, gradient(at, algorithm(name, 0.3, labels: .argmax))) > 1e-3)
  }
}

/// Closed forms, written without the engine.
extension Position {
  func logRatio(_ y: Int) -> Double { log(policy[y] / reference[y]) }
  func margin(_ y: Int, _ other: Int) -> Double { logRatio(y) - logRatio(other) }

  var largestMargin: Double {
    let ratios = policy.indices.map(logRatio)
    return ratios.max()! - ratios.min()!
  }

  /// g(y) − τ l(y)
  func score(_ gains: [Double], _ tau: Double) -> [Double] { gains.indices.map { gains[$0] - tau * logRatio($0) } }

  /// Cov(∇ log π(y), A(y)) for y from ν, which is ν(y)(A(y) − E A): the centring takes care of ∇ log π's own mean.
  func covariance(under source: [Double], _ score: [Double]) -> [Double] {
    let mean = zip(source, score).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(source, score).map { $0 * ($1 - mean) }
  }

  /// ∇ [P(π ≻ π′) − τ KL(π ‖ μ)] at π′ = π, which stands still.
  func selfPlayAscent(_ tau: Double) -> [Double] {
    covariance(under: policy, score(game.winRates(against: policy), tau))
  }
}
