/// Where the time of training went: wall time, whatever the number of workers. What several workers did side by side has its
/// share of the time they took together, so the parts add up to the whole.
package struct Profile: Sendable {
  /// What one phase, layer and activity took.
  struct Cell: Sendable {
    var phase: Phase
    var layer: Layer
    var activity: Activity
    /// Beginnings of the phase or the layer where the activity is `between`.
    var calls: Int
    /// Of wall time.
    var nanoseconds: Double
    var bytes: Int
    var operations: Int
    var exponentials: Int
  }

  /// Workers that had something to do.
  package let workers: Int
  /// Share of the workers' time in a phase that they were at work.
  package let busyShares: [Phase: Double]
  private let residents: [Int]
  /// Most bytes that were ever resident.
  package let peakResident: Int
  /// Most bytes of arenas at once.
  package let planned: [MemoryPurpose: Int]
  /// Wall time of training.
  package let nanoseconds: Double
  let cells: [Cell]

  init(ledgers: [Ledger], residents: [Int], peakResident: Int, planned: [MemoryPurpose: Int]) {
    let times = PhaseTimes(ledgers)
    workers = times.workers
    busyShares = times.busyShares
    nanoseconds = times.wall.values.reduce(0, +)
    self.residents = residents
    self.peakResident = peakResident
    self.planned = planned
    cells = times.wall.keys.flatMap { phase in
      (0..<Layer.count).flatMap { layer in
        Activity.all.filter { $0 != .waiting }.compactMap { activity in
          Cell(phase, Layer(index: layer), activity, ledgers, wallOverBusy: times.scale(of: phase))
        }
      }
    }
  }
}

extension Profile {
  /// Most bytes that were resident at the end of a phase.
  package func resident(after phase: Phase) -> Int { residents[Int(phase.rawValue)] }
}

extension Profile.Cell {
  /// The sum over all workers; nil where there is nothing.
  fileprivate init?(_ phase: Phase, _ layer: Layer, _ activity: Activity, _ ledgers: [Ledger], wallOverBusy: Double) {
    let cells = ledgers.map { $0.cell(phase, layer, activity) }
    let nanoseconds = cells.reduce(0) { $0 + $1.nanoseconds }
    guard nanoseconds > 0 || cells.contains(where: { $0.calls > 0 }) else { return nil }
    self.phase = phase
    self.layer = layer
    self.activity = activity
    self.nanoseconds = Double(nanoseconds) * wallOverBusy
    calls = cells.reduce(0) { $0 + $1.calls }
    bytes = cells.reduce(0) { $0 + $1.bytes }
    operations = cells.reduce(0) { $0 + $1.operations }
    exponentials = cells.reduce(0) { $0 + $1.exponentials }
  }
}

/// Wall time by phase, from the ledger of the thread that everything is done for, and processor time, from all of them.
private struct PhaseTimes {
  /// Nanoseconds.
  private(set) var wall: [Phase: Double] = [:]
  private(set) var workers = 0
  private var busy: [Phase: Double] = [:]
  /// Busy time of a pass outside its phases.
  private var passBusy = 0.0

  init(_ ledgers: [Ledger]) {
    let times = ledgers.map { ledger in Dictionary(uniqueKeysWithValues: Phase.inTraining.map { ($0, Self.time(ledger, $0)) }) }
    workers = times.count { $0.values.contains { $0.busy > 0 } }
    for phase in Phase.inTraining {
      busy[phase] = times.reduce(0) { $0 + $1[phase]!.busy }
      wall[phase] = times[0][phase]!.busy + times[0][phase]!.waiting
    }
    divide(.pass)
    for (phase, time) in wall where time == 0 { wall[phase] = nil }
  }

  private static func time(_ ledger: Ledger, _ phase: Phase) -> (busy: Double, waiting: Double) {
    var (busy, waiting) = (0, 0)
    for layer in 0..<Layer.count {
      for activity in Activity.all {
        let time = ledger.cell(phase, Layer(index: layer), activity).nanoseconds
        if activity == .waiting { waiting += time } else { busy += time }
      }
    }
    return (Double(busy), Double(waiting))
  }

  /// During a pass workers are in different phases at once: its wall time is divided as their busy time is.
  private mutating func divide(_ pass: Phase) {
    let phases = Phase.ofPasses
    let total = phases.reduce(0) { $0 + busy[$1]! }
    guard total > 0 else { return }
    let wallTime = phases.reduce(wall[pass]!) { $0 + wall[$1]! }
    for phase in phases { wall[phase] = wallTime * busy[phase]! / total }
    passBusy = busy[pass]!
    wall[pass] = 0
  }

  /// Wall time of a nanosecond that some worker was busy with.
  func scale(of phase: Phase) -> Double { busy[phase]! > 0 ? wall[phase]! / busy[phase]! : 0 }

  var busyShares: [Phase: Double] {
    let ofPasses = Phase.ofPasses.reduce((busy: passBusy, wall: 0)) { ($0.busy + busy[$1]!, $0.wall + (wall[$1] ?? 0)) }
    return Dictionary(
      uniqueKeysWithValues: wall.map { phase, time in
        let (busy, time) = Phase.ofPasses.contains(phase) ? ofPasses : (busy[phase]!, time)
        return (phase, min(1, busy / (time * Double(workers))))  // sums of parts may round up
      })
  }
}

extension Phase {
  fileprivate static var inTraining: [Phase] { allCases.filter { $0 != .outside } }
}
