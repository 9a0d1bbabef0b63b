/// What one worker did when, as far as there is room: the beginning of a run, not all of it. Room is taken beforehand.
struct TraceEvents {
  /// A phase, a layer, an activity or a step, and which.
  struct Label {
    fileprivate let kind: UInt8
    fileprivate let index: Int32

    static func phase(_ phase: Phase) -> Label { Label(kind: 0, index: Int32(phase.rawValue)) }
    static func layer(_ layer: Layer) -> Label { Label(kind: 1, index: Int32(layer.index)) }
    static func activity(_ activity: Activity) -> Label { Label(kind: 2, index: Int32(activity.index)) }
    static func step(_ step: Int) -> Label { Label(kind: 3, index: Int32(truncatingIfNeeded: step)) }

    var category: String { ["phase", "layer", "kernel", "step"][Int(kind)] }

    var name: String {
      switch kind {
      case 0: "\(Phase.allCases[Int(index)])"
      case 1: Layer(index: Int(index)).name
      case 2: Activity.all[Int(index)].name
      default: "step \(index)"
      }
    }
  }

  struct Event {
    let label: Label
    /// Nanoseconds of the ledger's clock.
    let start: Int
    let end: Int
  }

  private let events: UnsafeMutablePointer<Event>
  private let capacity: Int
  private var count = 0
  /// Events there was no room for.
  private(set) var lost = 0

  /// Calls that are shorter could not be seen, and would fill the room in a second. Nanoseconds.
  private static let shortestActivity = 2_000

  init(capacity: Int) {
    self.capacity = capacity
    events = .allocate(capacity: capacity)
  }

  func close() { events.deallocate() }

  /// Activities, which are many, leave a quarter of the room to phases and layers.
  mutating func append(_ activity: Activity, start: Int, end: Int) {
    guard capacity > 0, end - start >= Self.shortestActivity else { return }
    append(.activity(activity), start: start, end: end, room: capacity / 4 * 3)
  }

  mutating func append(_ label: Label, start: Int, end: Int) {
    guard capacity > 0 else { return }
    append(label, start: start, end: end, room: capacity)
  }

  private mutating func append(_ label: Label, start: Int, end: Int, room: Int) {
    guard count < room else {
      lost += 1
      return
    }
    (events + count).initialize(to: Event(label: label, start: start, end: end))
    count += 1
  }

  var recorded: [Event] { Array(UnsafeBufferPointer(start: events, count: count)) }
}
