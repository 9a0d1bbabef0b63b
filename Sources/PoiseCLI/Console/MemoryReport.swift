import Poise
import PoiseFiles
import PoiseModel

/// A plan of memory beside what there is of it, for people and for programs.
struct MemoryReport {
  private let planning: MemoryPlanning
  private let available: Int
  /// Program, tokenizers and data: they are as large here as they will be in the run.
  private let resident = ResidentMemory.peak

  init(_ planning: MemoryPlanning) throws {
    self.planning = planning
    available = try AvailableMemory.bytes()
  }

  private var plan: MemoryPlan { planning.plan }
  private var refusal: InsufficientMemory? { InsufficientMemory(plan, available: available) }

  var json: JSON {
    [
      "command": .string(planning.command),
      "items": .array(
        plan.items.map { ["name": .string($0.name), "purpose": .string("\($0.purpose)"), "bytes": .init($0.bytes)] }),
      "bytes": .init(plan.bytes), "resident_bytes": .init(resident), "available_bytes": .init(available),
      "fits": .bool(refusal == nil), "assumed": .array(planning.missing.map { .string($0) }),
    ]
  }

  var text: String {
    var table = TextTable(["memory of poise \(planning.command)", "MiB", "share"])
    for purpose in MemoryPurpose.allCases {
      for item in plan.items where item.purpose == purpose { table.add(row(item.name, item.bytes)) }
    }
    table.add(row("together", plan.bytes))
    return [table.text, "\(bound)\n\(rest)", verdict].joined(separator: "\n\n")
  }

  private func row(_ name: String, _ bytes: Int) -> [String] {
    let share = 100 * Double(bytes) / Double(max(plan.bytes, 1))
    return [name, (Double(bytes) / Double(1 << 20)).formatted(decimals: 2), "\(share.formatted(decimals: 0)) %"]
  }

  private var bound: String {
    let files = planning.missing.filter { $0 != "out" && $0 != "annotator" }.map { "--\($0)" }.joined(separator: ", ")
    return files.isEmpty
      ? "This is the most: every text is taken to be as long as the longest."
      : "This is the most: without \(files), texts are taken to be as long as the model's context allows."
  }

  private var rest: String { "Program, tokenizers and data take \(resident.asMemory) beside it, here as in the run." }

  private var verdict: String { refusal?.description ?? "It fits: \(available.asMemory) are available." }
}
