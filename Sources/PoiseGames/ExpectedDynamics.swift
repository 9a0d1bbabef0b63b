import Foundation
import PoiseObjectives

/// What an algorithm's updates do on average, as a flow of the policy's logits θ with π = softmax(θ).
///
/// All of them raise every action's logit by its advantage A(y) over the mean, which says how much better than others the action
/// does against the opponent, less what regularisation costs; and all but natural gradients do so in proportion to how often the
/// action is drawn. With l = log π/μ and h(y, y′) = l(y) − l(y′):
///
/// | algorithm | A(y) | drawn from |
/// |---|---|---|
/// | self-play, online IPO | p(y ≻ π) − τ l(y) | π |
/// | Nash-MD-PG | p(y ≻ π′) − τ l(y), π′ ∝ π^(1−m) μ^m | π |
/// | IPO-MD | the same | π′ |
/// | best response | p(y ≻ μ) − τ l(y) | π |
/// | offline IPO | p(y ≻ ν) − τ l(y), ν the data's | ν |
/// | online DPO | Σ_y′ π(y′) (p(y ≻ y′) − σ(τ h(y, y′))) | π |
/// | offline DPO | the same sum over ν | ν |
/// | online SLiC | ½ Σ_y′ π(y′) (p(y ≻ y′) [τ h < 1] − p(y′ ≻ y) [τ h > −1]) | π |
/// | RL | r(y) − τ l(y) | π |
///
/// The unit of time is that of self-play's policy gradient, with a learning rate of 1 an update a unit. The expected gradients
/// of the losses are multiples of these: by 4 for the code form of IPO and by 4/τ for the squared one (Calandriello et al. 2024,
/// arXiv 2403.08635, proposition 4.1), by 2τ for DPO and by 4τ for SLiC.
public struct ExpectedDynamics: Sendable {
  /// How a gradient becomes a movement of logits.
  public enum Flow: String, Sendable, CaseIterable {
    /// The plain gradient of the logits: rare actions move slowly.
    case softmax
    /// θ′ = A: the natural gradient of a policy that draws its own actions (Kakade 2001), replicator dynamics where nothing is
    /// regularised.
    case natural
  }

  public let game: PreferenceGame
  public let learner: GameLearner
  public let flow: Flow
  private let logReference: [Double]
  /// Of RL alone.
  private let rewards: [Double]

  /// - Throws: for RL in a game without rewards to which none can be fitted.
  public init(_ learner: GameLearner, in game: PreferenceGame, flow: Flow = .softmax) throws(GameError) {
    self.game = game
    self.learner = learner
    self.flow = flow
    logReference = game.reference.map { log($0) }
    rewards = learner.algorithm == .reinforce ? try game.rewardsOrFit() : []
  }

  /// A(y) of every action, up to a constant.
  public func advantages(_ policy: [Double]) -> [Double] {
    let logRatios = logRatios(policy)
    switch learner.algorithm {
    case .onlineDPO, .offlineDPO, .onlineSLiC:
      let opponent = opponent(policy)
      return opponent.indices.map { row in
        opponent.indices.reduce(0) { $0 + opponent[$1] * contrast(row, $1, logRatios) }
      }
    case .reinforce:
      return zip(rewards, logRatios).map { $0 - learner.tau * $1 }
    default:
      return zip(game.winRates(against: opponent(policy)), logRatios).map { $0 - learner.tau * $1 }
    }
  }

  /// What one pair says of its first action against its second, B(y, y′) = −B(y′, y): half the movement of logits that a
  /// contrastive loss asks for, in the unit of time of all flows here. For algorithms that are not contrastive, what the one
  /// sampled opponent says of the action that is moved.
  /// - Parameters:
  ///   - preference: what stands for p(row ≻ column), 0 or 1 for the verdict of one comparison; the game's unless given.
  ///   - logRatios: l of every action.
  func contrast(_ row: Int, _ column: Int, _ logRatios: [Double], preference: Double? = nil) -> Double {
    let tau = learner.tau
    let win = preference ?? game[row, column]
    let margin = tau * (logRatios[row] - logRatios[column])
    switch learner.algorithm {
    case .onlineDPO, .offlineDPO: return win - sigmoid(margin)
    case .onlineSLiC: return ((margin < 1 ? win : 0) - (margin > -1 ? 1 - win : 0)) / 2
    case .onlineIPO, .ipoMD, .offlineIPO: return win - 0.5 - margin
    case .nash, .selfPlay, .nashMD, .bestResponse: return win - 0.5 - tau * logRatios[row]
    case .reinforce: return rewards[row] - rewards[column] - tau * logRatios[row]
    }
  }

  /// Whether both actions of a pair are moved.
  var isContrastive: Bool {
    switch learner.algorithm {
    case .onlineIPO, .ipoMD, .offlineIPO, .onlineDPO, .offlineDPO, .onlineSLiC: true
    case .nash, .selfPlay, .nashMD, .bestResponse, .reinforce: false
    }
  }

  /// dθ/dt, up to a constant that changes no policy.
  public func velocity(_ policy: [Double]) -> [Double] {
    let advantages = advantages(policy)
    guard flow == .softmax else { return advantages }
    let draws = draws(policy)
    let mean = zip(draws, advantages).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(draws, advantages).map { $0 * ($1 - mean) }
  }

  /// What actions are drawn from.
  public func draws(_ policy: [Double]) -> [Double] {
    switch learner.algorithm {
    case .ipoMD: game.mixture(of: policy, weight: learner.mixture)
    case .offlineIPO, .offlineDPO: game.offlineDistribution
    default: policy
    }
  }

  /// What actions are compared with.
  public func opponent(_ policy: [Double]) -> [Double] {
    switch learner.algorithm {
    case .nashMD, .ipoMD: game.mixture(of: policy, weight: learner.mixture)
    case .bestResponse: game.reference
    case .offlineIPO, .offlineDPO: game.offlineDistribution
    default: policy
    }
  }

  /// l = log π/μ of every action.
  func logRatios(_ policy: [Double]) -> [Double] { zip(policy, logReference).map { log($0) - $1 } }
}

// MARK: - Near a resting point

extension ExpectedDynamics {
  /// ∂(dθ/dt)(y)/∂θ(z) at a policy of full support where the flow rests, row-major (n, n), up to a constant in every column,
  /// which moves all logits alike and so changes no policy.
  public func jacobian(at policy: [Double]) -> [Double] {
    precondition(policy.count == game.count && policy.allSatisfy { $0 > 0 })
    var slopes = advantageSlopes(policy)
    guard flow == .softmax else { return slopes }
    // Advantages are all alike where the flow rests, so that a change of what is drawn changes nothing.
    let (count, draws) = (game.count, draws(policy))
    var means = [Double](repeating: 0, count: count)
    for row in 0..<count {
      for column in 0..<count { means[column] += draws[row] * slopes[row * count + column] }
    }
    for row in 0..<count {
      for column in 0..<count {
        slopes[row * count + column] = draws[row] * (slopes[row * count + column] - means[column])
      }
    }
    return slopes
  }

  /// ∂A(y)/∂θ(z), row-major (n, n), up to a constant in every column.
  private func advantageSlopes(_ policy: [Double]) -> [Double] {
    switch learner.algorithm {
    case .onlineDPO: logisticSlopes(policy, opponent: policy, isOpponentMoving: true)
    case .offlineDPO: logisticSlopes(policy, opponent: game.offlineDistribution, isOpponentMoving: false)
    case .onlineSLiC: hingeSlopes(policy)
    case .nash, .onlineIPO, .selfPlay: linearSlopes(opponent: policy, following: 1)
    case .nashMD, .ipoMD: linearSlopes(opponent: opponent(policy), following: 1 - learner.mixture)
    case .bestResponse, .offlineIPO, .reinforce: linearSlopes(opponent: opponent(policy), following: 0)
    }
  }

  /// A = p(y ≻ ρ) − τ l(y), where dρ(y)/dθ(z) = `following` · ρ(y) (δ(y, z) − ρ(z)).
  private func linearSlopes(opponent: [Double], following: Double) -> [Double] {
    let count = game.count
    let rates = following == 0 ? [] : game.winRates(against: opponent)
    return Self.matrix(count) { row, column in
      let pull = row == column ? -learner.tau : 0
      guard following > 0 else { return pull }
      return pull + following * opponent[column] * (game[row, column] - rates[row])
    }
  }

  /// A = Σ_y′ ρ(y′) (p(y ≻ y′) − σ(τ h(y, y′))), whose mean over ρ is zero whatever y where the flow rests.
  private func logisticSlopes(_ policy: [Double], opponent: [Double], isOpponentMoving: Bool) -> [Double] {
    let (tau, logRatios, advantages) = (learner.tau, logRatios(policy), advantages(policy))
    func weight(_ row: Int, _ column: Int) -> Double {
      opponent[column] * LogisticLink.slope(margin: tau * (logRatios[row] - logRatios[column]))
    }
    let pulls = opponent.indices.map { row in opponent.indices.reduce(0) { $1 == row ? $0 : $0 + weight(row, $1) } }
    return Self.matrix(game.count) { row, column in
      if row == column { return -tau * pulls[row] - (isOpponentMoving ? opponent[row] * advantages[row] : 0) }
      let slope = tau * weight(row, column)
      guard isOpponentMoving else { return slope }
      return slope + opponent[column] * (contrast(row, column, logRatios) - advantages[row])
    }
  }

  /// The hinge is flat but for its kinks: only the opponent's moving counts.
  private func hingeSlopes(_ policy: [Double]) -> [Double] {
    let (logRatios, advantages) = (logRatios(policy), advantages(policy))
    return Self.matrix(game.count) { row, column in
      policy[column] * (contrast(row, column, logRatios) - advantages[row])
    }
  }

  private static func matrix(_ count: Int, _ entry: (_ row: Int, _ column: Int) -> Double) -> [Double] {
    var matrix = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count { matrix[row * count + column] = entry(row, column) }
    }
    return matrix
  }

  /// How small departures from a resting point of full support grow or shrink: the eigenvalues of the Jacobian on what is left
  /// of the logits once a constant is taken away, n − 1 of them, the slowest to die out first.
  ///
  /// - Throws: `.noEigenvalues` where LAPACK finds none.
  public func eigenvalues(at policy: [Double]) throws(GameError) -> [Eigenvalue] {
    let (count, jacobian) = (game.count, jacobian(at: policy))
    let anchor = policy.indices.max { policy[$0] < policy[$1] }!
    let kept = policy.indices.filter { $0 != anchor }
    var relative: [Double] = []
    relative.reserveCapacity(kept.count * kept.count)
    for row in kept {
      for column in kept { relative.append(jacobian[row * count + column] - jacobian[anchor * count + column]) }
    }
    guard let eigenvalues = LinearSystem.eigenvalues(relative, order: kept.count) else { throw .noEigenvalues }
    return eigenvalues.sorted { ($0.real, abs($0.imaginary), $0.imaginary) > ($1.real, abs($1.imaginary), $1.imaginary) }
  }
}

/// An eigenvalue of a real matrix.
public struct Eigenvalue: Sendable, Equatable {
  /// Growth in a unit of time; negative is decay.
  public var real: Double
  /// Radians in a unit of time.
  public var imaginary: Double

  public init(real: Double, imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }

  /// How the flow moves along the eigenvector.
  public enum Motion: Sendable, Equatable {
    /// Straight in: departures shrink by e in `time`.
    case settles(time: Double)
    /// Around and in: by e in `time`, once around in `period`.
    case spiralsIn(time: Double, period: Double)
    /// Around, neither in nor out.
    case orbits(period: Double)
    /// Away from a policy that it would rest at.
    case runsAway(time: Double)
    /// Not at all: every policy near is a rest.
    case none
  }

  /// Growth of less than a billionth of a turn is rounding, and so is what is below 1e-13 in a matrix of entries near 1.
  public var motion: Motion {
    let turn = abs(imaginary)
    if abs(real) + turn < 1e-13 { return .none }
    if real > 1e-9 * turn { return .runsAway(time: 1 / real) }
    if turn == 0 { return .settles(time: -1 / real) }
    let period = 2 * Double.pi / turn
    return real < -1e-9 * turn ? .spiralsIn(time: -1 / real, period: period) : .orbits(period: period)
  }

  /// Whether updates that are small enough come to rest.
  var settles: Bool {
    switch motion {
    case .settles, .spiralsIn, .none: true
    case .orbits, .runsAway: false
    }
  }
}
