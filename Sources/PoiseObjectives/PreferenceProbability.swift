/// Where preferences come from. Both functions give p(y ≻ y′) + p(y′ ≻ y) = 1 to the last bit, so that a game built from them is
/// antisymmetric, and a pair told the other way round is the same pair: what lies below ½ is computed as 1 minus its
/// counterpart above ½, a difference that has no rounding.
public enum PreferenceProbability {
  /// A judge asked in both orders, without its bias of position: (forward + 1 − backward)/2.
  ///
  /// - Parameters:
  ///   - forward: p(y ≻ y′) in [0, 1] as judged with y first.
  ///   - backward: p(y′ ≻ y) in [0, 1] as judged with y′ first.
  public static func symmetrized(forward: Double, backward: Double) -> Double {
    let difference = forward - backward
    return completed(0.5 + difference.magnitude / 2, isAbove: difference >= 0)
  }

  /// Bradley & Terry's model of two rewards: σ(r(y) − r(y′)). Below −37 it is 0, as it is 1 above 37.
  public static func bradleyTerry(rewardMargin: Double) -> Double {
    completed(1 / (1 + exponential(-rewardMargin.magnitude)), isAbove: rewardMargin >= 0)
  }

  /// The half in [½, 1], or the other one.
  private static func completed(_ upperHalf: Double, isAbove: Bool) -> Double { isAbove ? upperHalf : 1 - upperHalf }
}
