import Foundation

/// Follows online SLiC from the reference where no formula tells its end: not inside the hinge's box, and with more than two
/// actions. There the flow has kinks, along which it may slide to a rest, or not.
///
/// It is the natural flow (``ExpectedDynamics``), whose rest is the same, taken in Euler steps: at a kink they chatter across it,
/// by no more than a step's length, and what is asked is whether anything moves beyond that.
struct HingeCourse {
  /// Over the last quarter of the time.
  let average: [Double]
  let settles: Bool
  let steps: Int

  /// Units of time until the policy has crossed the box many times, if at the pace of a preference of 0.6 or more.
  private static let crossings = 40.0
  private static let strides = (early: 0.1, late: 0.01)
  /// How far probabilities may move within the last quarter: twice what a chattering step of half a unit of advantage moves them.
  private static let stillness = 0.005
  /// Entries of the preference matrix that are looked at, before time is cut short.
  private static let work = 1e9

  init(in game: PreferenceGame, tau: Double) throws(GameError) {
    let dynamics = try ExpectedDynamics(GameLearner(.onlineSLiC, tau: tau), in: game, flow: .natural)
    let wanted = Self.crossings / tau * (0.75 / Self.strides.early + 0.25 / Self.strides.late)
    let affordable = Self.work / Double(game.count * game.count)
    let time = Self.crossings / tau * min(1, affordable / wanted)
    var logits = game.reference.map { log($0) }
    var policy = game.reference
    func walk(_ time: Double, _ stride: Double, _ visit: ([Double]) -> Void) -> Int {
      let count = max(1, Int((time / stride).rounded()))
      for _ in 0..<count {
        let velocity = dynamics.velocity(policy)
        for action in logits.indices { logits[action] += stride * velocity[action] }
        policy = softmax(logits)
        visit(policy)
      }
      return count
    }
    let early = walk(0.75 * time, Self.strides.early) { _ in }
    var (sum, low, high) = (policy.map { _ in 0.0 }, policy, policy)
    let late = walk(0.25 * time, Self.strides.late) { policy in
      for action in policy.indices {
        sum[action] += policy[action]
        low[action] = min(low[action], policy[action])
        high[action] = max(high[action], policy[action])
      }
    }
    average = sum.map { $0 / Double(late) }
    settles = zip(low, high).allSatisfy { $1 - $0 < Self.stillness }
    steps = early + late
  }
}
