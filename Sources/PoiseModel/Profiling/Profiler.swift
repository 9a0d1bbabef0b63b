/// Takes a profile of what the calling thread does, and of the workers it gives work to: one ledger each.
package final class Profiler: @unchecked Sendable {
  /// One a worker; the first is the calling thread's. Grown between sections, by the calling thread.
  private var ledgers: [UnsafeMutablePointer<Ledger>] = []
  private let traceCapacity: Int
  let account = MemoryAccount()
  private let resident = ResidentMemory()
  /// By phase: most bytes that were resident at its end.
  private var residents = Array(repeating: 0, count: Phase.allCases.count)
  private var memorySamples: [MemorySample] = []

  /// Memory at one moment, in bytes.
  struct MemorySample {
    /// Nanoseconds of the ledgers' clock.
    var time: Int
    var resident: Int
    /// By purpose; shared until an arena comes or goes.
    var planned: [Int]
  }

  /// - Parameter traceCapacity: events a worker may record for a trace; 0 records none.
  package init(traceCapacity: Int = 0) {
    self.traceCapacity = traceCapacity
    memorySamples.reserveCapacity(min(traceCapacity, Self.mostMemorySamples))
    makeRoom(workers: 1)
  }

  deinit {
    resident.close()
    for ledger in ledgers {
      ledger.pointee.close()
      ledger.deinitialize(count: 1)
      ledger.deallocate()
    }
  }

  private static let mostMemorySamples = 1 << 16

  /// Profiles `body`, of which only what ``profiled(_:_:)`` marks as training counts.
  package func profile<Result>(_ body: () throws -> Result) rethrows -> Result {
    ledgers[0].pointee.move(to: ProfileScope(phase: .outside, layer: .none))
    return try Ledger.open(ledgers[0], body)
  }

  /// What was charged since the profiler was made.
  package var result: Profile {
    Profile(
      ledgers: ledgers.map(\.pointee), residents: residents, peakResident: ResidentMemory.peak, planned: account.peaks)
  }

  package var trace: Trace {
    Trace(events: ledgers.map(\.pointee.events.recorded), lost: ledgers.reduce(0) { $0 + $1.pointee.events.lost }, memorySamples)
  }

  fileprivate func makeRoom(workers: Int) {
    while ledgers.count < workers {
      // On cache lines of its own: each is written by another thread.
      let ledger = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<Ledger>.stride, alignment: 128)
        .bindMemory(to: Ledger.self, capacity: 1)
      ledger.initialize(to: Ledger(of: self, isFirst: ledgers.isEmpty, traceCapacity: traceCapacity))
      ledgers.append(ledger)
    }
  }

  fileprivate func ledger(of worker: Int) -> UnsafeMutablePointer<Ledger> { ledgers[worker] }

  func lookAtMemory(after phase: Phase, at time: Int) {
    let resident = resident.current
    residents[Int(phase.rawValue)] = max(residents[Int(phase.rawValue)], resident)
    guard memorySamples.count < memorySamples.capacity else { return }
    memorySamples.append(MemorySample(time: time, resident: resident, planned: account.current))
  }
}

/// Work that a profiled thread gives to others: what they do is charged where it was.
struct ProfiledSection: Sendable {
  private let profiler: Profiler
  private let scope: ProfileScope

  /// Nil where the calling thread is not profiled.
  init?(workers: Int) {
    guard let ledger = Ledger.current else { return nil }
    profiler = ledger.pointee.profiler
    scope = ledger.pointee.scope
    profiler.makeRoom(workers: workers)
  }

  /// - Parameter worker: 1 or more; worker 0 is the calling thread, which has its ledger.
  func charge(to worker: Int, _ body: () -> Void) {
    let ledger = profiler.ledger(of: worker)
    Ledger.current = ledger
    ledger.pointee.move(to: scope)
    body()
    ledger.pointee.move(to: ProfileScope(phase: .outside, layer: .none))
    Ledger.current = nil
  }
}

/// Runs `body` as a phase of training, unless it is part of another.
package func profiled<Result, Failure: Error>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  guard let ledger = Ledger.current, let mark = ledger.pointee.enter(phase) else { return try body() }
  defer { ledger.pointee.leave(mark) }
  return try body()
}

/// Runs `body` as a layer of the model.
func profiled<Result>(_ layer: Layer, _ body: () -> Result) -> Result {
  let mark = LayerMark(layer)
  defer { mark.end() }
  return body()
}

/// Runs `body` under the name of a training step in the trace.
package func profiled<Result>(step: Int, _ body: () throws -> Result) rethrows -> Result {
  guard let ledger = Ledger.current else { return try body() }
  let mark = ledger.pointee.enter(step: step)
  defer { ledger.pointee.leave(mark) }
  return try body()
}

/// A layer from here to `end`, where a closure would be in the way.
struct LayerMark {
  private let ledger: UnsafeMutablePointer<Ledger>?
  private let mark: Ledger.Mark?

  init(_ layer: Layer) {
    ledger = Ledger.current
    mark = ledger?.pointee.enter(layer)
  }

  func end() { if let ledger, let mark { ledger.pointee.leave(mark) } }
}

/// One call of a kernel, from here to `end`.
struct ActivityMark {
  private let ledger: UnsafeMutablePointer<Ledger>?
  private let activity: Activity
  private let work: CountedWork
  private let weight: Int

  /// - Parameter work: asked only where somebody counts.
  init(_ activity: @autoclosure () -> Activity, _ work: @autoclosure () -> CountedWork) {
    ledger = Ledger.current
    guard let ledger else {
      (self.activity, self.work, weight) = (.between, CountedWork(floats: 0), 0)
      return
    }
    (self.activity, self.work) = (activity(), work())
    weight = ledger.pointee.begin(self.activity, self.work)
  }

  func end() { ledger?.pointee.end(activity, work, standingFor: weight) }
}
