/// A quantity by another over the steps of a run, in no more points than a chart can show: where there are more, neighbours are put
/// together. It takes as much memory however long the run is.
struct Curve: Equatable {
  /// Steps next to each other, as one point.
  struct Stretch: Equatable {
    private(set) var count: Int
    /// Means.
    private(set) var x: Double
    private(set) var y: Double
    /// Σ (y − mean)²
    private var squares: Double
    private var range: ClosedRange<Double>

    init(x: Double, y: Double) { (count, self.x, self.y, squares, range) = (1, x, y, 0, y...y) }

    /// Of y among its steps, divided by their number; 0 of one.
    var deviation: Double { (squares / Double(count)).squareRoot() }

    /// A standard deviation about the mean, as far as steps went.
    var spread: ClosedRange<Double> { (y - deviation...y + deviation).clamped(to: range) }

    /// Takes in the stretch after it (Chan, Golub & LeVeque 1979).
    mutating func append(_ next: Stretch) {
      let (own, other) = (Double(count), Double(next.count))
      let difference = next.y - y
      squares += next.squares + difference * difference * own * other / (own + other)
      x += (next.x - x) * other / (own + other)
      y += difference * other / (own + other)
      count += next.count
      range = min(range.lowerBound, next.range.lowerBound)...max(range.upperBound, next.range.upperBound)
    }
  }

  /// Points that a chart has room for, and few enough to show a course through the noise of single steps.
  static let most = 32

  /// The squares of what is smaller are finite.
  static let largest = 1e100

  private(set) var stretches: [Stretch] = []
  /// Steps of a stretch; the last may have fewer.
  private(set) var width = 1

  /// - Precondition: both are smaller than ``largest``.
  mutating func add(x: Double, y: Double) {
    let step = Stretch(x: x, y: y)
    if let last = stretches.last, last.count < width { return stretches[stretches.count - 1].append(step) }
    if stretches.count == Self.most { coarsen() }
    if let last = stretches.last, last.count < width {
      stretches[stretches.count - 1].append(step)
    } else {
      stretches.append(step)
    }
  }

  /// With at most so many points.
  func coarser(_ count: Int) -> Curve {
    var curve = self
    while curve.stretches.count > count { curve.coarsen() }
    return curve
  }

  private mutating func coarsen() {
    stretches = stride(from: 0, to: stretches.count, by: 2).map { index in
      var stretch = stretches[index]
      if index + 1 < stretches.count { stretch.append(stretches[index + 1]) }
      return stretch
    }
    width *= 2
  }
}
