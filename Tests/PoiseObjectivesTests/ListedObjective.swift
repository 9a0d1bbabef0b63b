import Foundation
import PoiseObjectives
import Testing

/// An objective of the family and what it should be: its formula, written down once more, and where it has kinks.
struct ListedObjective: Sendable, CustomTestStringConvertible {
  enum Kind {
    /// A function of h: coefficients equal and opposite.
    case ofMargin
    /// A function of log π(y) and log π(y′) without the reference.
    case ofLogProbabilities
    /// A policy gradient, whose loss is a surrogate with frozen weights.
    case surrogate
  }

  /// What formulas are about.
  struct Numbers {
    let p, tau, h: Double
    /// log π(y), log π(y′); their log-ratios; their advantages.
    let logProbabilities, logRatios, advantages: (Double, Double)

    var u: Double { tau * h }
    var m: Double { logProbabilities.0 - logProbabilities.1 }
  }

  struct Value {
    let loss: Double
    let coefficients: (Double, Double)
    var logRatioCoefficients = (0.0, 0.0)
  }

  let name: String
  let tau: Double
  let kind: Kind
  let objective: any PairObjective
  let formula: @Sendable (Numbers) -> Value
  /// How far the nearest kink is, in nats of log π.
  var distanceToKink: @Sendable (Numbers) -> Double = { _ in .infinity }

  var testDescription: String { "\(name), τ = \(tau)" }

  func numbers(_ pair: Pair) -> Numbers {
    let logRatios = (
      pair.first.logProbability - pair.first.referenceLogProbability,
      pair.second.logProbability - pair.second.referenceLogProbability
    )
    return Numbers(
      p: pair.preference, tau: tau, h: logRatios.0 - logRatios.1,
      logProbabilities: (pair.first.logProbability, pair.second.logProbability), logRatios: logRatios,
      advantages: (pair.first.advantage, pair.second.advantage))
  }

  func expected(_ pair: Pair) -> Value { formula(numbers(pair)) }
}

extension ListedObjective {
  static let taus = [0.05, 0.5, 1, 3]
  static let all = taus.flatMap { tau in
    [
      squaredIPO(tau), codeIPO(tau), dpo(tau), hinge(tau), slicHF(tau, margin: 1, regularization: 0),
      slicHF(tau, margin: 2.5, regularization: 0.3), rl(tau), nashMD(tau),
    ]
  }
  static let contrastive = all.filter { $0.kind != .surrogate }
  static let ofMargin = all.filter { $0.kind == .ofMargin }

  private static func squaredIPO(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "IPO squared", tau: tau, kind: .ofMargin, objective: IdentityPreferenceOptimization(tau: tau, form: .squared),
      formula: { x in
        let c = 2 * x.h - (2 * x.p - 1) / x.tau
        return Value(loss: pow(x.h - (2 * x.p - 1) / (2 * x.tau), 2), coefficients: (c, -c))
      })
  }

  private static func codeIPO(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "IPO code form", tau: tau, kind: .ofMargin, objective: IdentityPreferenceOptimization(tau: tau, form: .code),
      formula: { x in
        let c = 2 * x.tau * x.h - (2 * x.p - 1)
        return Value(loss: x.tau * x.h * x.h - (2 * x.p - 1) * x.m, coefficients: (c, -c))
      })
  }

  /// −log σ(u) = log(1 + e⁻ᵘ) and p − σ(u) = p σ(−u) − (1 − p) σ(u), as they stand: good while e^|u| is a number.
  private static func dpo(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "DPO", tau: tau, kind: .ofMargin, objective: DirectPreferenceOptimization(tau: tau),
      formula: { x in
        let c = -x.tau * (x.p / (1 + exp(x.u)) - (1 - x.p) / (1 + exp(-x.u)))
        return Value(loss: x.p * log1p(exp(-x.u)) + (1 - x.p) * log1p(exp(x.u)), coefficients: (c, -c))
      })
  }

  private static func hinge(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "hinge-norm", tau: tau, kind: .ofMargin, objective: HingeNorm(tau: tau),
      formula: { x in
        let c = -x.tau * (x.p * (x.u < 1 ? 1 : 0) - (1 - x.p) * (x.u > -1 ? 1 : 0))
        return Value(loss: x.p * max(0, 1 - x.u) + (1 - x.p) * max(0, 1 + x.u), coefficients: (c, -c))
      },
      distanceToKink: { abs(abs($0.u) - 1) / $0.tau })
  }

  private static func slicHF(_ tau: Double, margin: Double, regularization: Double) -> ListedObjective {
    ListedObjective(
      name: "SLiC-HF with λ = \(regularization)", tau: tau, kind: .ofLogProbabilities,
      objective: SequenceLikelihoodCalibration(margin: margin, regularization: regularization),
      formula: { x in
        let hinges = x.p * max(0, margin - x.m) + (1 - x.p) * max(0, margin + x.m)
        let target = x.p * x.logProbabilities.0 + (1 - x.p) * x.logProbabilities.1
        let slope = x.p * (x.m < margin ? 1 : 0) - (1 - x.p) * (x.m > -margin ? 1 : 0)
        return Value(
          loss: hinges - regularization * target,
          coefficients: (-slope - regularization * x.p, slope - regularization * (1 - x.p)))
      },
      distanceToKink: { abs(abs($0.m) - margin) })
  }

  private static func rl(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "RL", tau: tau, kind: .surrogate, objective: RegularizedPolicyGradient(tau: tau),
      formula: { x in
        let w = (x.advantages.0 - x.tau * x.logRatios.0, x.advantages.1 - x.tau * x.logRatios.1)
        return Value(
          loss: -w.0 * x.logProbabilities.0 - w.1 * x.logProbabilities.1, coefficients: (-w.0, -w.1),
          logRatioCoefficients: (x.tau, x.tau))
      })
  }

  private static func nashMD(_ tau: Double) -> ListedObjective {
    ListedObjective(
      name: "Nash-MD-PG", tau: tau, kind: .surrogate, objective: NashMirrorDescent(tau: tau),
      formula: { x in
        let w = x.p - 0.5 - x.tau * x.logRatios.0
        return Value(loss: -w * x.logProbabilities.0, coefficients: (-w, 0), logRatioCoefficients: (x.tau, 0))
      })
  }
}

extension Pair {
  /// Certain and undecided annotators.
  static let preferences = [0, 0.2, 0.5, 0.9, 1]
  /// τh from one end to the other, away from ±1.
  static let scaledMargins = [-500, -30, -1.5, -0.3, 0, 0.45, 2, 40, 500]

  /// A pair with h = `margin`, up to rounding.
  init(margin: Double, preference: Double) {
    self.init(
      first: ResponseStatistics(logProbability: -3 + margin, referenceLogProbability: -2.5, length: 4, advantage: 0.75),
      second: ResponseStatistics(logProbability: -7.25, referenceLogProbability: -6.75, length: 9, advantage: -1.5),
      preference: preference)
  }

  /// All preferences and all margins on the scale of τ.
  static func grid(tau: Double) -> [Pair] {
    scaledMargins.flatMap { scaled in preferences.map { Pair(margin: scaled / tau, preference: $0) } }
  }
}
