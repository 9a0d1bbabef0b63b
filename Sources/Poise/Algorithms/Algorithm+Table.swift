import PoiseObjectives

extension Algorithm {
  /// What a user may choose of an algorithm.
  public struct Settings: Sendable {
    /// τ; nil is the row's own. It means something else to every loss: never compare values across rows.
    public var tau: Double?
    /// Weight of the reference in what is sampled from; nil is the row's own.
    public var mixture: Double?
    public var form = IdentityPreferenceOptimization.Form.code
    public var reduction = LogProbabilityReduction.sum
    public var labels = PreferenceLabels.soft
    public var baseline = RewardBaseline.leaveOneOut
    /// δ and λ of SLiC-HF; 0 leaves its regularising term out.
    public var margin = 1.0
    public var regularization = 0.0

    public init(tau: Double? = nil, mixture: Double? = nil) {
      self.tau = tau
      self.mixture = mixture
    }
  }

  /// One row of the table.
  public struct Row: Sendable {
    public let name: Name
    /// For people, with the paper.
    public let title: String
    /// What τ is where the user says nothing, for summed log-probabilities; nil where the objective has none.
    public let tau: Double?
    /// Sampling where the user says nothing about the mixture.
    public let sampling: Sampling
    /// Whether the mixture is the user's to choose.
    public let hasMixture: Bool
    /// Whether a file of preferences can take the place of sampling.
    public let isOffline: Bool
    public let signal: Signal
    let objective: @Sendable (_ tau: Double, Settings) -> any PairObjective
  }

  /// Every algorithm. A new one is a row here and a case of ``Name``.
  public static let table: [Row] = [
    Row(
      name: .ipo, title: "log-ratio margins regressed on preferences (Azar et al. 2023; online: Calandriello et al. 2024)",
      tau: 0.1, sampling: .alike(mixture: 0), hasMixture: false, isOffline: true, signal: .preferences
    ) { IdentityPreferenceOptimization(tau: $0, form: $1.form) },
    Row(
      name: .ipoMD, title: "IPO on responses of the mixture (Calandriello et al. 2024)", tau: 0.1,
      sampling: .alike(mixture: 0.125), hasMixture: true, isOffline: false, signal: .preferences
    ) { IdentityPreferenceOptimization(tau: $0, form: $1.form) },
    Row(
      name: .dpo, title: "logistic loss of the margin (Rafailov et al. 2023; online: Guo et al. 2024)", tau: 0.4,
      sampling: .alike(mixture: 0), hasMixture: false, isOffline: true, signal: .preferences
    ) { tau, _ in DirectPreferenceOptimization(tau: tau) },
    Row(
      name: .slic, title: "hinge loss of the margin, the normalised SLiC (Liu et al. 2023)", tau: 0.4,
      sampling: .alike(mixture: 0), hasMixture: false, isOffline: true, signal: .preferences
    ) { tau, _ in HingeNorm(tau: tau) },
    Row(
      name: .slicHF, title: "SLiC as first published, without a reference (Zhao et al. 2023)", tau: nil,
      sampling: .alike(mixture: 0), hasMixture: false, isOffline: true, signal: .preferences
    ) { SequenceLikelihoodCalibration(margin: $1.margin, regularization: $1.regularization) },
    Row(
      name: .reinforce, title: "policy gradient on a reward, regularised towards the reference", tau: 0.4,
      sampling: .alike(mixture: 0), hasMixture: false, isOffline: false, signal: .rewards
    ) { tau, _ in RegularizedPolicyGradient(tau: tau) },
    Row(
      name: .nashMD, title: "policy gradient on preferences over the mixture (Munos et al. 2023)", tau: 0.1,
      sampling: .against(mixture: 0.125), hasMixture: true, isOffline: false, signal: .preferences
    ) { tau, _ in NashMirrorDescent(tau: tau) },
    Row(
      name: .selfPlay, title: "the same over the policy itself", tau: 0.1, sampling: .against(mixture: 0), hasMixture: false,
      isOffline: false, signal: .preferences
    ) { tau, _ in NashMirrorDescent(tau: tau) },
    Row(
      name: .bestResponse, title: "the same over the reference", tau: 0.1, sampling: .against(mixture: 1), hasMixture: false,
      isOffline: false, signal: .preferences
    ) { tau, _ in NashMirrorDescent(tau: tau) },
  ]

  public static func row(_ name: Name) -> Row { table.first { $0.name == name }! }

  /// - Precondition: a mixture, where one is given, is from 0 to 1; where the row has none it is ignored.
  public init(_ name: Name, _ settings: Settings = Settings()) {
    let row = Self.row(name)
    let tau = row.tau.map { settings.tau ?? $0 } ?? 0
    let mixture = row.hasMixture ? settings.mixture ?? row.sampling.mixture : row.sampling.mixture
    precondition((0...1).contains(mixture))
    self.init(
      name: name, objective: Self.reduced(row.objective(tau, settings), settings.reduction),
      sampling: row.sampling.with(mixture), signal: row.signal, labels: settings.labels, baseline: settings.baseline, tau: tau)
  }

  private static func reduced(_ objective: some PairObjective, _ reduction: LogProbabilityReduction) -> any PairObjective {
    Reduced(objective, reduction: reduction)
  }
}

extension Algorithm.Sampling {
  fileprivate func with(_ mixture: Double) -> Self {
    switch self {
    case .alike: .alike(mixture: mixture)
    case .against: .against(mixture: mixture)
    }
  }
}
