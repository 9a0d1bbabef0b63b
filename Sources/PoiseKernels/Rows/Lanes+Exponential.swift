// Goals, in order: 1 exact limits (exp −∞ = 0, exp ∞ = ∞, NaN stays NaN, gradual underflow); 2 within one ulp; 3 fast.
// Measured over all floats: ≤ 0.78 ulp.

extension Lanes {
  /// self ← exp self.
  ///
  /// x = n·ln 2 + r with n the nearest integer, so |r| ≤ ½ ln 2 and exp x = 2ⁿ·(1 + r + r²·q(r)). q is the polynomial of
  /// degree 4 whose largest relative error in exp r is least, 3.1e-9. n may leave the range of exponents (subnormal and
  /// overflowing results), so 2ⁿ is applied as two factors.
  @inline(__always)
  mutating func formExponential() {
    let vanishes = self .< -104  // exp −104 rounds to 0
    replace(with: Lanes(repeating: -104), where: vanishes)
    replace(with: Lanes(repeating: 89), where: self .> 89)  // exp 89 rounds to ∞
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
    let shift = Lanes(repeating: 0x1.8p23)
    let shifted = shift.addingProduct(1.442695041, self)
    let n = shifted - shift
    // ln 2 in two floats. The first product cancels exactly: both terms are multiples of 2⁻²⁴ and |r| < ½.
    var r = addingProduct(-0x1.62e43p-1, n)
    r.addProduct(0x1.05c61p-29, n)
    var power = r.formingExponentialOfRemainder()
    let exponent = unsafeBitCast(shifted, to: IntegerLanes.self) &<< 23
    let half = exponent &>> 1 & IntegerLanes(repeating: -1 << 23)
    let one = unsafeBitCast(Lanes(repeating: 1), to: IntegerLanes.self)
    power *= unsafeBitCast(half &+ one, to: Lanes.self)
    var scale = unsafeBitCast(exponent &- half &+ one, to: Lanes.self)
    scale.replace(with: Lanes.zero, where: vanishes)  // a product that underflows takes a hundred cycles, −∞ is common
    self = power * scale
  }

  /// 1 + r + r²·q(r).
  @inline(__always)
  private func formingExponentialOfRemainder() -> Lanes {
    var q = Lanes(repeating: 0.001_381_454)
    q.multiply(by: self, adding: 0.008_368_745)
    q.multiply(by: self, adding: 0.041_668_39)
    q.multiply(by: self, adding: 0.166_665_21)
    q.multiply(by: self, adding: 0.499_999_94)
    return addingProduct(self * self, q) + 1
  }

  /// self ← σ(self) = 1/(1 + e^−self), with relative accuracy at both ends: the exponential is taken where it is below 1.
  @inline(__always)
  mutating func formSigmoid() {
    var decay = self
    decay.formNegatedMagnitude()
    decay.formExponential()
    var numerator = Lanes(repeating: 1)
    numerator.replace(with: decay, where: self .< 0)
    self = numerator / (decay + 1)
  }
}
