import PoiseObjectives

/// A training algorithm: a row of a table. Its objective, where its responses come from, and what it must be told about them.
public struct Algorithm: Sendable {
  /// As on the command line.
  public enum Name: String, Sendable, CaseIterable {
    case ipo
    case ipoMD = "ipo-md"
    case dpo
    case slic
    case slicHF = "slic-hf"
    case reinforce = "rl"
    case nashMD = "nash-md"
    case selfPlay = "self-play"
    case bestResponse = "best-response"
  }

  /// Where the responses of an online step come from.
  public enum Sampling: Sendable, Equatable {
    /// All from one distribution, the policy with this weight of the reference mixed in: every response meets every other.
    case alike(mixture: Double)
    /// Half from the policy, which alone is moved, and half from an opponent with this weight of the reference: every response
    /// of the one half meets every one of the other.
    case against(mixture: Double)

    public var mixture: Double {
      switch self {
      case .alike(let mixture), .against(let mixture): mixture
      }
    }
  }

  /// What the annotator says.
  public enum Signal: Sendable, Equatable {
    /// p(y ≻ y′)
    case preferences
    /// r(y), as a regularised policy gradient needs.
    case rewards
  }

  public let name: Name
  /// On log-probabilities as they are reduced.
  public let objective: any PairObjective
  public let sampling: Sampling
  public let signal: Signal
  public let labels: PreferenceLabels
  public let baseline: RewardBaseline
  /// τ, for the record; 0 where the objective has none.
  public let tau: Double
}

/// b in r(y) − b: what a reward is compared with.
public enum RewardBaseline: String, Sendable, CaseIterable {
  /// The mean reward of the other responses to the prompt: independent of y, so the gradient is unbiased.
  case leaveOneOut = "leave-one-out"
  /// The mean reward of all k responses to the prompt, y among them: (k − 1)/k times the advantage of leave-one-out. Rewards
  /// shrink and the regulariser does not, so that training ends where leave-one-out ends with k/(k − 1) times the τ.
  case mean

  /// r − b of the responses to one prompt.
  public func advantages(_ rewards: some Collection<Double>) -> [Double] {
    let (count, total) = (Double(rewards.count), rewards.reduce(0, +))
    guard count > 1 else { return rewards.map { _ in 0 } }
    return rewards.map { reward in
      switch self {
      case .leaveOneOut: reward - (total - reward) / (count - 1)
      case .mean: reward - total / count
      }
    }
  }
}
