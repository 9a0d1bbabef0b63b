extension Lanes {
  /// self ← top + log self, self ≥ 2⁻¹²⁶: the last step of a log Σ exp. ≤ 1 ulp, of 1 where the result is smaller.
  ///
  /// self = 2ᵏ·m with √½ ≤ m < √2, log self = k·ln 2 + log m, and log(1 + f) = f − f²/2 + f³·q(f) with the polynomial of
  /// Cephes' logf. top + k·ln 2 is kept in two floats: the first part of ln 2 has so few digits that the product is exact.
  @inline(__always)
  mutating func formLogarithm(onTopOf top: Lanes) {
    let bits = unsafeBitCast(self, to: IntegerLanes.self)
    // The exponent of self/√½, rounded down.
    let offset = bits &- IntegerLanes(repeating: 0x3f35_04f3)
    let exponent = offset & IntegerLanes(repeating: -1 << 23)
    let fraction = unsafeBitCast(bits &- exponent, to: Lanes.self) - 1
    // An integer becomes a float by way of the digits of 1.5·2²³.
    let shift = Lanes(repeating: 0x1.8p23)
    let k = unsafeBitCast((exponent &>> 23) &+ unsafeBitCast(shift, to: IntegerLanes.self), to: Lanes.self) - shift
    let square = fraction * fraction
    var q = Lanes(repeating: 7.037_683_6e-2)
    q.multiply(by: fraction, adding: -1.151_461_03e-1)
    q.multiply(by: fraction, adding: 1.167_699_9e-1)
    q.multiply(by: fraction, adding: -1.242_014_1e-1)
    q.multiply(by: fraction, adding: 1.424_932_3e-1)
    q.multiply(by: fraction, adding: -1.666_805_8e-1)
    q.multiply(by: fraction, adding: 2.000_071_5e-1)
    q.multiply(by: fraction, adding: -2.499_999_4e-1)
    q.multiply(by: fraction, adding: 3.333_333_2e-1)
    var rest = q * (square * fraction)
    rest.add(k, times: -2.121_944_4e-4)
    rest.add(square, times: -0.5)
    rest += fraction
    let steps = k * 0.693_359_375
    let sum = top + steps
    let stepsKept = sum - top
    let lost = (top - (sum - stepsKept)) + (steps - stepsKept)
    self = sum + (lost + rest)
  }
}
