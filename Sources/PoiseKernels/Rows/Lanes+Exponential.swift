import CLanes

// Goals, in order: 1 exact limits (exp −∞ = 0, exp ∞ = ∞, NaN stays NaN, gradual underflow); 2 within one ulp; 3 fast.
// Largest error found on every seventh float from −104 to 89: 0.89 ulp.

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
    var shifted = shift
    shifted.add(self, times: 1.442695041)
    let n = shifted - shift
    // ln 2 in two floats. The first product cancels exactly: both terms are multiples of 2⁻²⁴ and |r| < ½. The second part
    // is added to what is small already, and not rounded together with the first.
    var high = self
    high.add(n, times: -0x1.62e43p-1)
    let low = n * 0x1.05c61p-29
    var power = high + low
    power.formCurvature()
    power = (power + low + high) + 1
    let exponent = unsafeBitCast(shifted, to: IntegerLanes.self) &<< 23
    let half = exponent &>> 1 & IntegerLanes(repeating: -1 << 23)
    let one = unsafeBitCast(Lanes(repeating: 1), to: IntegerLanes.self)
    power *= unsafeBitCast(half &+ one, to: Lanes.self)
    var scale = unsafeBitCast(exponent &- half &+ one, to: Lanes.self)
    scale.replace(with: Lanes.zero, where: vanishes)  // a product that underflows takes a hundred cycles, −∞ is common
    self = power * scale
  }

  /// self ← exp self for self ≤ 88, 0 below −87.33 where results would be subnormal: what softmaxes and sigmoids ask for,
  /// at two thirds of the cost. NaN stays NaN. Largest error found on every ninety-seventh float from −87.3 to 0: 0.87 ulp.
  @inline(__always)
  mutating func formDecay() {
    let vanishes = self .< -87.33
    // The bias of exponents rides on the shift: 2ⁿ is then a shift of bits away.
    let shift = Lanes(repeating: 0x1.8p23 + 127)
    var shifted = shift
    shifted.add(self, times: 1.442695041)
    let n = shifted - shift
    var remainder = self
    remainder.add(n, times: -0x1.62e43p-1)
    remainder.add(n, times: 0x1.05c61p-29)
    var power = Lanes(repeating: 0.001_381_454)
    power.multiply(by: remainder, adding: 0.008_368_745)
    power.multiply(by: remainder, adding: 0.041_668_39)
    power.multiply(by: remainder, adding: 0.166_665_21)
    power.multiply(by: remainder, adding: 0.499_999_94)
    power.multiply(by: remainder, adding: 1)
    power.multiply(by: remainder, adding: 1)
    self = power * unsafeBitCast(unsafeBitCast(shifted, to: IntegerLanes.self) &<< 23, to: Lanes.self)
    replace(with: Lanes.zero, where: vanishes)
  }

  /// self ← r²·q(r) ≈ exp r − 1 − r, where self = r.
  @inline(__always)
  private mutating func formCurvature() {
    var q = Lanes(repeating: 0.001_381_454)
    q.multiply(by: self, adding: 0.008_368_745)
    q.multiply(by: self, adding: 0.041_668_39)
    q.multiply(by: self, adding: 0.166_665_21)
    q.multiply(by: self, adding: 0.499_999_94)
    self *= self * q
  }

  /// self ← e^−self, of which 1/(1 + e^−self) = σ(self) is made: for self ≥ −88.9, ∞ below −88.7, and no less than e^−87.3. As
  /// accurate as ``formDecay()``, and cheaper by what it does not have to tell from 0.
  @inline(__always)
  mutating func formOddsAgainst() {
    self = poise_minimum(self, Lanes(repeating: 87.3))
    let shift = Lanes(repeating: 0x1.8p23 + 127)
    var shifted = shift
    shifted.add(self, times: -1.442695041)
    let n = shifted - shift
    add(n, times: 0x1.62e43p-1)
    add(n, times: -0x1.05c61p-29)
    // −r is at hand, so the odd powers have the other sign.
    var power = Lanes(repeating: 0.001_381_454)
    power.multiply(by: self, adding: -0.008_368_745)
    power.multiply(by: self, adding: 0.041_668_39)
    power.multiply(by: self, adding: -0.166_665_21)
    power.multiply(by: self, adding: 0.499_999_94)
    power.multiply(by: self, adding: -1)
    power.multiply(by: self, adding: 1)
    self = power * unsafeBitCast(unsafeBitCast(shifted, to: IntegerLanes.self) &<< 23, to: Lanes.self)
  }

  /// self ← σ(self), complement ← 1 − σ = e^−self·σ: relative accuracy at both ends; 0 below −87.
  @inline(__always)
  mutating func formSigmoid(complement: inout Lanes) {
    let vanishes = self .< -87
    complement = poise_maximum(self, Lanes(repeating: -87))
    complement.formOddsAgainst()
    self = 1 / (complement + 1)
    complement *= self
    replace(with: Lanes.zero, where: vanishes)
  }

  /// self ← 2^self, of which 1/(1 + 2^self) = σ(−self·ln 2) is made: for self ≤ 128, where it is ∞, and no less than 2⁻¹²⁶.
  /// Within 2 ulp: for arguments that can be had in halvings at no cost, a third cheaper than ``formOddsAgainst()``. The
  /// polynomial is the one of degree 5 whose largest relative error is least, 9.1e-8.
  @inline(__always)
  mutating func formOddsOfHalvings() {
    self = poise_maximum(self, Lanes(repeating: -126))
    let shift = Lanes(repeating: 0x1.8p23 + 127)
    let shifted = self + shift
    let remainder = self - (shifted - shift)
    self = Lanes(repeating: 1.326_472_91e-3)
    multiply(by: remainder, adding: 9.671_512_64e-3)
    multiply(by: remainder, adding: 5.550_733_74e-2)
    multiply(by: remainder, adding: 2.402_224_21e-1)
    multiply(by: remainder, adding: 6.931_469_78e-1)
    multiply(by: remainder, adding: 1)
    self *= unsafeBitCast(unsafeBitCast(shifted, to: IntegerLanes.self) &<< 23, to: Lanes.self)
  }

  /// self ← σ(−self·ln 2), complement ← 1 − σ; σ is 0 beyond 126.
  @inline(__always)
  mutating func formSigmoidOfHalvings(complement: inout Lanes) {
    let vanishes = self .> 126
    complement = poise_minimum(self, Lanes(repeating: 126))
    complement.formOddsOfHalvings()
    self = 1 / (complement + 1)
    complement *= self
    replace(with: Lanes.zero, where: vanishes)
  }
}
