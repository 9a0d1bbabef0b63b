import Poise
import PoiseFiles
import PoiseModel

/// A profile for people, and for programs.
struct ProfileReport {
  let profile: Profile
  let ceiling: ProfileCeiling

  // MARK: For programs

  func json(by view: ProfileView) -> [JSON] { profile.rows(by: view, under: ceiling).map(json) }

  private func json(_ row: Profile.Row) -> JSON {
    var object = JSON.Object()
    object["phase"] = .string("\(row.phase)")
    if let layer = row.layer { object["layer"] = .string(layer.name) }
    if let activity = row.activity { object["kernel"] = .string(activity.name) }
    object["calls"] = .init(row.calls)
    object["ns"] = .init(Int(row.nanoseconds.rounded()))
    object["flops"] = .init(row.operations)
    object["bytes"] = .init(row.bytes)
    object["gflops"] = .init(row.gigaflops)
    object["gbps"] = .init(row.gigabytesPerSecond)
    object["fraction_of_limit"] = .init(row.fractionOfLimit)
    object["share"] = .init(row.share)
    return .object(object)
  }

  // MARK: For people

  var text: String { [head, phases, layers, kernels, memory].joined(separator: "\n\n") }

  private var head: String {
    let workers = profile.workers == 1 ? "1 worker" : "\(profile.workers) workers"
    return "Where \(seconds(profile.nanoseconds)) s of training with \(workers) went"
  }

  private static let quantities = ["calls", "seconds", "share", "GFLOP", "GB", "GFLOP/s", "GB/s", "of limit"]

  private var phases: String {
    var table = TextTable(["phase"] + Self.quantities + ["busy", "resident MiB"])
    for row in profile.rows(by: .phase, under: ceiling) {
      let resident = mebibytes(profile.resident(after: row.phase))
      table.add(["\(row.phase)"] + cells(row) + [percent(profile.busyShares[row.phase] ?? 0), resident])
    }
    return table.text
  }

  private var layers: String {
    var table = TextTable(["layer", "phase"] + Self.quantities, leftColumns: 2)
    let rows = profile.rows(by: .layer, under: ceiling).filter { Self.phasesWithLayers.contains($0.phase) }
    for row in rows.sorted(by: { ($0.layer!, $0.phase.rawValue) < ($1.layer!, $1.phase.rawValue) }) where isWorthALine(row) {
      table.add([row.layer!.name, "\(row.phase)"] + cells(row))
    }
    return table.text
  }

  private static let phasesWithLayers: Set<Phase> = [.sample, .annotate, .forward, .loss, .backward]

  private var kernels: String {
    var table = TextTable(["kernel", "phase"] + Self.quantities, leftColumns: 2)
    let rows = profile.rows(by: .kernel, under: ceiling).sorted { $0.nanoseconds > $1.nanoseconds }
    let shown = rows.filter(isWorthALine)
    for row in shown { table.add([row.activity!.name, "\(row.phase)"] + cells(row)) }
    return table.text + rest(rows.count - shown.count, rows.reduce(0) { $0 + $1.share } - shown.reduce(0) { $0 + $1.share })
  }

  private func rest(_ count: Int, _ share: Double) -> String {
    count == 0 ? "" : "\n… and \(count) with less than half a percent each, \(percent(share)) together."
  }

  private func isWorthALine(_ row: Profile.Row) -> Bool { row.share >= 0.005 }

  private var memory: String {
    var table = TextTable(["memory", "MiB"])
    for purpose in MemoryPurpose.allCases { table.add(["\(purpose)", mebibytes(profile.planned[purpose] ?? 0)]) }
    table.add(["resident at most", mebibytes(profile.peakResident)])
    return table.text
  }

  private func cells(_ row: Profile.Row) -> [String] {
    [
      row.calls.description, seconds(row.nanoseconds), percent(row.share), billions(row.operations), billions(row.bytes),
      row.gigaflops.formatted(decimals: 1), row.gigabytesPerSecond.formatted(decimals: 1), percent(row.fractionOfLimit),
    ]
  }

  private func seconds(_ nanoseconds: Double) -> String { (nanoseconds / 1e9).formatted(decimals: 3) }
  private func billions(_ count: Int) -> String { (Double(count) / 1e9).formatted(decimals: 2) }
  private func percent(_ share: Double) -> String { "\((100 * share).formatted(decimals: 1)) %" }
  private func mebibytes(_ bytes: Int) -> String { (Double(bytes) / Double(1 << 20)).formatted(decimals: 2) }
}
