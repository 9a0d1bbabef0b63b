import ArgumentParser
import PoiseBench
import PoiseModel

/// `poise bench peers`
struct BenchPeersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "One workload of a comparison with other engines, timed.",
    discussion: """
      Prints a JSON object a case on standard output: workload, case, variant, t_s (seconds, the median of the repetitions in \
      which the process had its core to itself), and what the case cannot do without (bytes, exponentials, multiplications and \
      additions). A harness runs it beside other engines, on the same core, in the same rounds.

      \(PeerWorkload.all.map { "\($0.name)  \($0.title)" }.joined(separator: "\n"))
      """)

  @Argument(help: "\(PeerWorkload.all.map(\.name).joined(separator: ", ")).") var workload: String
  @Option(help: ArgumentHelp("Only cases whose name contains this.", valueName: "text")) var filter: String?
  @Option(help: ArgumentHelp("Clean repetitions of a case, 1 or more.", valueName: "n")) var repetitions = 31
  @Option(help: ArgumentHelp("Seconds after which fewer repetitions do, above 0.", valueName: "s")) var budget = 6.0
  @Option(help: ArgumentHelp("Worker threads of steps and sampling, 1 or more.", valueName: "n")) var threads = 1

  func validate() throws {
    guard PeerWorkload.all.contains(where: { $0.name == workload }) else {
      throw ValidationError(
        "There is no workload '\(workload)'; they are \(PeerWorkload.all.map(\.name).joined(separator: ", ")).")
    }
    try requireRange("--repetitions", repetitions, 1...10_000)
    try requireRange("--threads", threads, 1...1024)
    guard budget > 0, budget.isFinite else { throw ValidationError("--budget must be above 0, not \(budget).") }
  }

  func run() throws {
    PeerWorkload.all.first { $0.name == workload }!.measure(
      filter: filter, stopwatch: Stopwatch(repetitions: repetitions, budget: budget, threads: threads),
      pool: WorkerPool(workerCount: threads)
    ) { Console.result($0.line) }
  }
}
