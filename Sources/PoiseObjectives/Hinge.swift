/// p max(0, width − gap) + (1 − p) max(0, width + gap) and its slope by the gap, which on a kink is that of the flat side.
struct Hinge {
  let loss: Double
  let slope: Double

  init(gap: Double, width: Double, preference: Double) {
    loss = preference * max(0, width - gap) + (1 - preference) * max(0, width + gap)
    slope = (gap > -width ? 1 - preference : 0) - (gap < width ? preference : 0)
  }
}
