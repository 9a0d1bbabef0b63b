/// What is remembered of a run's steps until its end: how it began, how it ended, and sums. However long a run is, that is as much.
public struct RunHistory: Sendable {
  /// Steps.
  public private(set) var count = 0
  /// Σ of the steps' times.
  public private(set) var seconds = 0.0
  /// The first and the latest step after which somebody looked.
  public private(set) var (firstLook, lastLook): (StepRecord?, StepRecord?)
  /// Up to ``Window/most`` steps.
  private var (earliest, latest): ([StepRecord], [StepRecord]) = ([], [])

  public init() {}

  /// - Parameter records: of steps, in order.
  public init(_ records: some Sequence<StepRecord>) {
    for record in records { append(record) }
  }

  /// - Parameter record: of the step after those before.
  public mutating func append(_ record: StepRecord) {
    count += 1
    seconds += record.times.total
    if record.look != nil {
      firstLook = firstLook ?? record
      lastLook = record
    }
    if earliest.count < Window.most { earliest.append(record) }
    if latest.count == Window.most { latest.removeFirst() }
    latest.append(record)
  }

  public var isEmpty: Bool { count == 0 }

  /// Whether the policy learnt from its own samples.
  var isOnline: Bool { latest.last?.sampling != nil }

  /// The beginning and the end of the run so far, which must have steps.
  public var window: Window {
    let width = max(1, min(Window.most, count / 4))
    return Window(first: earliest.prefix(width), last: latest.suffix(width))
  }

  /// How quantities were at the beginning and at the end: means of up to 20 steps, but never more than a quarter of the run.
  public struct Window: Sendable {
    static let most = 20

    let first: ArraySlice<StepRecord>
    let last: ArraySlice<StepRecord>
    public var width: Int { first.count }

    /// Nil where the run has no such quantity.
    public func means(_ value: (StepRecord) -> Double?) -> (first: Double, last: Double)? {
      let (before, after) = (first.compactMap(value), last.compactMap(value))
      guard !before.isEmpty, !after.isEmpty else { return nil }
      return (before.reduce(0, +) / Double(before.count), after.reduce(0, +) / Double(after.count))
    }
  }
}
