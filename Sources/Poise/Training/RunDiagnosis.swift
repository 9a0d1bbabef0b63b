import PoiseFiles

/// What a training run's numbers say in words: what went wrong or was wasted, with the number that shows it and what to try.
public struct RunDiagnosis: Sendable, Equatable {
  /// One observation.
  public struct Finding: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
      case bothFell, lengthExploited, divergenceRanAway, tied, saturated, identical, stuck, unfinished
    }

    public var kind: Kind
    /// A sentence with the number in it, then what to try.
    public var text: String
  }

  public let findings: [Finding]

  public init(_ history: RunHistory) {
    guard !history.isEmpty else {
      findings = []
      return
    }
    let window = history.window
    // Recorded pairs are what they are, and hard labels are how they usually come.
    let ofSamples = [
      Self.lengthExploited, Self.divergenceRanAway, Self.tied, Self.saturated, Self.identical, Self.stuck, Self.unfinished,
    ]
    findings = ([Self.bothFell] + (history.isOnline ? ofSamples : [])).compactMap { $0(window) }
  }

  /// A paragraph a finding, or one sentence where there is none.
  public var text: String {
    findings.isEmpty ? "Nothing unusual was seen in this run." : findings.map { "• \($0.text)" }.joined(separator: "\n")
  }

  // MARK: What is looked for. A threshold is where a person would look twice, not where something is proven.

  /// The margin may rise while the chosen responses themselves become less likely: probability goes to neither of the two.
  private static func bothFell(_ window: RunHistory.Window) -> Finding? {
    guard let margin = window.means({ $0.preference?.margin }), let chosen = window.means({ $0.preference?.chosenLogRatio }),
      let rejected = window.means({ $0.preference?.rejectedLogRatio }), margin.last > margin.first + 0.1, chosen.last < -1,
      rejected.last < -1, chosen.last < chosen.first, rejected.last < rejected.first
    else { return nil }
    return Finding(
      kind: .bothFell,
      text: "Both log-probabilities fell while the margin rose to \(number(margin.last)): the chosen responses are now "
        + "\(number(-chosen.last)) nats less likely than under the reference, the rejected ones \(number(-rejected.last)). "
        + "Probability went to responses that nobody compared. Try a larger --tau or a lower --learning-rate, or train online.")
  }

  private static func lengthExploited(_ window: RunHistory.Window) -> Finding? {
    guard let length = window.means({ $0.responseLength }),
      let chosen = window.means({ $0.preference?.chosenLength }), let rejected = window.means({ $0.preference?.rejectedLength })
    else { return nil }
    let growth = length.last / max(length.first, 1)
    let favour = chosen.first - rejected.first
    guard (growth > 1.3 && favour > 0) || (growth < 0.6 && favour < 0) else { return nil }
    let (word, opposite) = growth > 1 ? ("longer", "shorter") : ("shorter", "longer")
    return Finding(
      kind: .lengthExploited,
      text:
        "Length may be exploited: responses went from \(number(length.first)) to \(number(length.last)) tokens, and the judge's "
        + "favourites were \(number(abs(favour))) tokens \(word) from the start. Compare the policies under a judge that does not "
        + "mind \(opposite) answers; try a larger --tau, or --reduction mean.")
  }

  /// - Parameters:
  ///   - divergence: KL(π‖π_ref) of a response, in nats.
  ///   - tokens: of a response.
  static func hasRunAway(divergence: Double, tokens: Double) -> Bool { divergence > 10 && divergence > 0.5 * tokens }

  private static func divergenceRanAway(_ window: RunHistory.Window) -> Finding? {
    guard let divergence = window.means({ $0.sampling?.exactDivergence }), let tokens = window.means({ $0.responseLength }),
      hasRunAway(divergence: divergence.last, tokens: tokens.last)
    else { return nil }
    return Finding(
      kind: .divergenceRanAway,
      text: "The policy ran away from its reference: KL \(number(divergence.last)) nats a response, "
        + "\(number(divergence.last / max(tokens.last, 1))) a token. What a learned judge says so far from its data means little. "
        + "Try a larger --tau, a lower --learning-rate or fewer --steps.")
  }

  private static func tied(_ window: RunHistory.Window) -> Finding? {
    guard let tied = window.means({ $0.preference?.tiedShare }), tied.last > 0.5 else { return nil }
    return Finding(
      kind: .tied,
      text: "\(percent(tied.last)) of the pairs were ties at the end (\(percent(tied.first)) at the beginning): the judge saw no "
        + "difference, and there was little to learn. Check that the judge reads these prompts; try a higher --temperature, more "
        + "--responses, or a finer judge.")
  }

  private static func saturated(_ window: RunHistory.Window) -> Finding? {
    guard let saturated = window.means({ $0.preference?.saturatedShare }), saturated.last > 0.5 else { return nil }
    return Finding(
      kind: .saturated,
      text:
        "The judge was surer than \(StepRecord.PreferenceRecord.saturation) on \(percent(saturated.last)) of the pairs: it says who "
        + "is better and no longer by how much. Soft labels then act as hard ones. Try --label-smoothing, a better calibrated "
        + "judge (its report has the calibration error), or a larger --tau.")
  }

  private static func identical(_ window: RunHistory.Window) -> Finding? {
    guard let identical = window.means({ $0.preference?.identicalShare }), identical.last > 0.2 else { return nil }
    return Finding(
      kind: .identical,
      text:
        "\(percent(identical.last)) of the pairs were two identical responses, whose sampling and training was wasted: the policy "
        + "has too little entropy left. Try a larger --tau, a stop at an earlier checkpoint, or a higher --temperature.")
  }

  private static func stuck(_ window: RunHistory.Window) -> Finding? {
    guard let divergence = window.means({ $0.sampling?.exactDivergence }), window.width >= 5, divergence.last < 1e-3 else {
      return nil
    }
    return Finding(
      kind: .stuck,
      text: "The policy hardly moved: KL to the reference is \(number(divergence.last)) nats a response. Try a higher "
        + "--learning-rate, a smaller --tau or more --steps.")
  }

  private static func unfinished(_ window: RunHistory.Window) -> Finding? {
    guard let ended = window.means({ $0.sampling?.endedShare }), ended.last < 0.5 else { return nil }
    return Finding(
      kind: .unfinished,
      text:
        "Only \(percent(ended.last)) of the responses ended by themselves; the judge saw prefixes. Raise --max-new-tokens, or "
        + "start from a model that has learnt to stop.")
  }

  private static func number(_ value: Double) -> String {
    abs(value) < 0.01 ? value.formatted(significantDigits: 2) : value.formatted(decimals: abs(value) < 10 ? 2 : 1)
  }
  private static func percent(_ share: Double) -> String { "\((100 * share).formatted(decimals: 0)) %" }
}
