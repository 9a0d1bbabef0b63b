import Foundation

/// Where an algorithm ends in a game, and how far that is from the regularised Nash equilibrium.
public struct AlgorithmOutcome: Sendable {
  public let learner: GameLearner
  /// Where it rests; where it never does, the average over time of where it went.
  public let policy: [Double]
  /// Whether updates that are small enough come to rest there: in the linear approximation, or as far as the flow was followed.
  public let settles: Bool
  /// How far ``policy`` is from the equilibrium that is asked about.
  public let standing: PolicyStanding
  /// The eigenvalue that decides how the end is approached, of the softmax flow (``ExpectedDynamics``); nil where the end has
  /// none: at kinks, on the border of the simplex, or above ``largestEigenvalueProblem`` actions.
  public let leadingEigenvalue: Eigenvalue?
  /// Newton steps or, where a flow was followed, its steps; 0 for a closed formula.
  public let iterations: Int

  /// Eigenvalues of larger games are left out: they cost some 25 n³ operations an algorithm.
  public static let largestEigenvalueProblem = 500
}

/// A game's equilibria, and where algorithms end in it.
public struct GameAnalysis: Sendable {
  public let game: PreferenceGame
  /// At the temperature that outcomes are measured by.
  public let equilibrium: Equilibrium
  /// Without regularisation; nil where nobody asked for it.
  public let nash: NashEquilibrium?
  public let learners: [GameLearner]
  /// An outcome a learner, or why there is none: DPO and RL have no end where no finite Bradley–Terry rewards exist.
  public let outcomes: [Result<AlgorithmOutcome, GameError>]

  /// - Parameters:
  ///   - game: of at least one action.
  ///   - learners: with the temperatures they train at.
  ///   - tau: of the equilibrium and of the exploitabilities; positive and finite.
  ///   - findsNash: whether to look for the equilibrium without regularisation, which takes longest; SLiC's end needs it in any
  ///     case.
  /// - Throws: where the equilibrium itself is not found.
  public init(_ game: PreferenceGame, learners: [GameLearner], tau: Double, findsNash: Bool = true) throws(GameError) {
    let equilibrium = try game.regularizedNash(tau: tau)
    let nash = findsNash || learners.contains { $0.algorithm == .onlineSLiC } ? game.nash() : nil
    self.game = game
    self.equilibrium = equilibrium
    self.nash = nash
    self.learners = learners
    outcomes = learners.map { learner in
      Result { () throws(GameError) in
        try EndOfTraining(game: game, learner: learner, equilibrium: equilibrium, nash: nash).outcome()
      }
    }
  }
}

/// Finds where one algorithm ends.
private struct EndOfTraining {
  let game: PreferenceGame
  let learner: GameLearner
  let equilibrium: Equilibrium
  let nash: NashEquilibrium?

  func outcome() throws(GameError) -> AlgorithmOutcome {
    let rest = try restingPoint()
    let policy = rest.policy
    let hasEigenvalues = (2...AlgorithmOutcome.largestEigenvalueProblem) ~= game.count
    let isSmooth = hasEigenvalues && rest.isSmooth && policy.allSatisfy { $0 > 0 }
    let leading = isSmooth ? try ExpectedDynamics(learner, in: game).eigenvalues(at: policy).first : nil
    return AlgorithmOutcome(
      learner: learner, policy: policy, settles: rest.settles ?? leading?.settles ?? true,
      standing: PolicyStanding(policy, in: game, equilibrium: equilibrium), leadingEigenvalue: leading,
      iterations: rest.iterations)
  }

  private struct RestingPoint {
    var policy: [Double]
    var iterations = 0
    /// Whether the flow has a derivative there.
    var isSmooth = true
    /// Whether the flow was seen to settle; nil where the Jacobian says it.
    var settles: Bool?
  }

  /// The formulas of each algorithm's end (Calandriello et al. 2024, table 1 and what follows from it).
  private func restingPoint() throws(GameError) -> RestingPoint {
    let tau = learner.tau
    switch learner.algorithm {
    case .nash, .onlineIPO, .selfPlay:
      let equilibrium = tau == equilibrium.tau ? equilibrium : try game.regularizedNash(tau: tau)
      return RestingPoint(policy: equilibrium.policy, iterations: equilibrium.iterations)
    case .ipoMD, .nashMD:
      let equilibrium = try game.mixtureEquilibrium(tau: tau, mixture: learner.mixture)
      return RestingPoint(policy: equilibrium.policy, iterations: equilibrium.iterations)
    case .bestResponse:
      return RestingPoint(policy: game.bestResponse(to: game.reference, tau: tau))
    case .offlineIPO:
      return RestingPoint(policy: game.bestResponse(to: game.offlineDistribution, tau: tau))
    case .onlineDPO:
      let equilibrium = try game.onlineDPOEquilibrium(tau: tau)
      return RestingPoint(policy: equilibrium.policy, iterations: equilibrium.iterations)
    case .offlineDPO:
      return RestingPoint(policy: try game.optimalPolicy(rewardFittedOn: game.offlineDistribution, tau: tau))
    case .reinforce:
      return RestingPoint(policy: game.optimalPolicy(rewards: try game.rewardsOrFit(), tau: tau))
    case .onlineSLiC:
      return try hingeRestingPoint(tau: tau)
    }
  }

  /// Inside the box an unregularised equilibrium of full support is circled, and where the flow was on average; it is smooth there.
  private func hingeRestingPoint(tau: Double) throws(GameError) -> RestingPoint {
    if game.count == 1 { return RestingPoint(policy: [1], isSmooth: false, settles: true) }
    if game.count == 2 { return RestingPoint(policy: game.onlineSLiCOfTwoActions(tau: tau), isSmooth: false, settles: true) }
    if let nash, nash.policy.allSatisfy({ $0 > 1e-9 }), nash.exploitability < 1e-9, game.isInsideHingeBox(nash.policy, tau: tau) {
      return RestingPoint(policy: nash.policy)
    }
    let course = try HingeCourse(in: game, tau: tau)
    return RestingPoint(policy: course.average, iterations: course.steps, isSmooth: false, settles: course.settles)
  }
}
