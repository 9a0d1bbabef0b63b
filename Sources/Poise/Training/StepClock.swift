/// Seconds between laps.
final class StepClock {
  private var last = ContinuousClock.now

  func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .seconds(1)
  }
}
