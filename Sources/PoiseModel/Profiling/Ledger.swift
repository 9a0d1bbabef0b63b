import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the time of one worker went into. What passes between two readings of the clock is charged to one cell, so the cells
/// add up to the time the ledger was open: nothing is counted twice and nothing left out.
///
/// A ledger is written by the one thread that ``current`` gives it to, without locks, and allocates nothing.
struct Ledger {
  /// What was charged to one phase, layer and activity.
  struct Cell {
    var calls = 0
    var nanoseconds = 0
    var bytes = 0
    var operations = 0
    var exponentials = 0
  }

  unowned(unsafe) let profiler: Profiler
  /// What arenas that are made now are for.
  var purpose = MemoryPurpose.parameters
  private(set) var scope = ProfileScope(phase: .outside, layer: .none)
  private(set) var events: TraceEvents
  /// (phases, layers, activities); pages that nothing is charged to are never touched.
  private let cells: UnsafeMutablePointer<Cell>
  /// Index of the scope's first cell.
  private var scopeCell = 0
  /// When the clock was read last.
  private var last = now()
  private let isFirst: Bool

  init(of profiler: Profiler, isFirst: Bool, traceCapacity: Int) {
    self.profiler = profiler
    self.isFirst = isFirst
    events = TraceEvents(capacity: traceCapacity)
    cells = calloc(Phase.allCases.count * Layer.count * Activity.count, MemoryLayout<Cell>.stride)!
      .assumingMemoryBound(to: Cell.self)
  }

  func close() {
    free(cells)
    events.close()
  }

  func cell(_ phase: Phase, _ layer: Layer, _ activity: Activity) -> Cell {
    cells[Self.index(ProfileScope(phase: phase, layer: layer)) + activity.index]
  }

  private static func index(_ scope: ProfileScope) -> Int {
    (Int(scope.phase.rawValue) * Layer.count + scope.layer.index) * Activity.count
  }

  // MARK: Scopes

  /// How to leave a scope.
  struct Mark {
    fileprivate let outer: ProfileScope
    fileprivate let start: Int
    fileprivate let label: TraceEvents.Label
  }

  /// Begins a phase, unless an outer one has the say. Nil where nothing begins.
  mutating func enter(_ phase: Phase) -> Mark? {
    guard scope.phase.yields(to: phase) else { return nil }
    return enter(ProfileScope(phase: phase, layer: .none), .phase(phase))
  }

  mutating func enter(_ layer: Layer) -> Mark { enter(ProfileScope(phase: scope.phase, layer: layer), .layer(layer)) }

  mutating func enter(step: Int) -> Mark {
    charge(now())
    return Mark(outer: scope, start: last, label: .step(step))
  }

  private mutating func enter(_ inner: ProfileScope, _ label: TraceEvents.Label) -> Mark {
    let mark = Mark(outer: scope, start: now(), label: label)
    move(to: inner, at: mark.start)
    cells[scopeCell].calls += 1
    return mark
  }

  mutating func leave(_ mark: Mark) {
    let phase = scope.phase
    move(to: mark.outer, at: now())
    if phase != .outside { events.append(mark.label, start: mark.start, end: last) }
    if isFirst, phase != mark.outer.phase { profiler.lookAtMemory(after: phase, at: last) }
  }

  /// Goes on elsewhere: a worker takes up a shard of somebody's phase, or puts it down.
  mutating func move(to scope: ProfileScope, at time: Int = now()) {
    charge(time)
    self.scope = scope
    scopeCell = Self.index(scope)
  }

  private mutating func charge(_ time: Int) {
    cells[scopeCell].nanoseconds &+= time &- last
    last = time
  }

  // MARK: Activities

  /// How many calls the one that begins stands for. Reading the clock twice takes as long as a fifth of a short call, so of
  /// those only one in eight is timed, once there have been eight of a kind; 0 is one that is not. Its time goes to `between`,
  /// from which ``end(_:_:standingFor:)`` takes it back.
  mutating func begin(_ activity: Activity, _ work: CountedWork) -> Int {
    var weight = 1
    if work.isShort, activity != .waiting {
      let calls = cells[scopeCell + activity.index].calls
      if calls >= Self.shortCalls { weight = calls % Self.shortCalls == 0 ? Self.shortCalls : 0 }
    }
    if weight > 0 { charge(now()) }
    return weight
  }

  mutating func end(_ activity: Activity, _ work: CountedWork, standingFor weight: Int) {
    let cell = cells + (scopeCell + activity.index)
    cell.pointee.calls &+= 1
    cell.pointee.bytes &+= work.bytes
    cell.pointee.operations &+= work.operations
    cell.pointee.exponentials &+= work.exponentials
    guard weight > 0 else { return }
    let time = now()
    let duration = time &- last
    // Where the thread lost its core meanwhile, the call stands for itself alone.
    let others = duration < Self.longestShortCall ? weight - 1 : 0
    cell.pointee.nanoseconds &+= duration &* (1 + others)
    cells[scopeCell].nanoseconds &-= duration &* others
    if scope.phase != .outside { events.append(activity, start: last, end: time) }
    last = time
  }

  private static let shortCalls = 8
  /// Nanoseconds.
  private static let longestShortCall = 20_000

  // MARK: The thread's own

  /// The ledger of the calling thread; nil where it is not profiled. While no profile is taken anywhere this is one predictable
  /// branch.
  static var current: UnsafeMutablePointer<Ledger>? {
    get {
      guard openProfiles.load(ordering: .relaxed) > 0 else { return nil }
      return pthread_getspecific(threadKey)?.assumingMemoryBound(to: Ledger.self)
    }
    set { pthread_setspecific(threadKey, newValue) }
  }

  /// Gives the calling thread a ledger while `body` runs.
  static func open<Result>(_ ledger: UnsafeMutablePointer<Ledger>, _ body: () throws -> Result) rethrows -> Result {
    precondition(hasThreadKey && current == nil, "profiles do not nest")
    openProfiles.add(1, ordering: .sequentiallyConsistent)
    current = ledger
    defer {
      current = nil
      openProfiles.subtract(1, ordering: .sequentiallyConsistent)
    }
    return try body()
  }
}

/// Profiles that are being taken in this process.
private let openProfiles = Atomic<Int>(0)

/// Where threads keep their ledgers. Not a lazy constant, which asks at every use whether it has its value.
private let storedKey = Atomic<UInt>(0)
private var threadKey: pthread_key_t { pthread_key_t(storedKey.load(ordering: .relaxed)) }

/// Makes the key, once.
private let hasThreadKey: Bool = {
  var key = pthread_key_t()
  let status = pthread_key_create(&key, nil)
  precondition(status == 0, "no thread-local storage is left")
  storedKey.store(UInt(key), ordering: .relaxed)
  return true
}()

/// Nanoseconds of a clock that only goes forward.
private func now() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
}
