import ArgumentParser
import PoiseModel

/// What every command that works for a while understands.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("YAML file of options; flags on the line win.", valueName: "file.yaml"))
  var config: String?

  @Option(help: ArgumentHelp("Worker threads, 1 to 1024; the bits stay the same. (default: all processors)", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Seed of everything random, 0 or more.", valueName: "n"))
  var seed: UInt64 = 0

  @Flag(help: "No progress line and no messages.")
  var quiet = false

  func validate() throws {
    if let threads { try requireRange("--threads", threads, 1...1024) }
  }

  var workerCount: Int { threads ?? WorkerPool.processorCount }

  func makePool() -> WorkerPool { WorkerPool(workerCount: workerCount) }

  func note(_ text: String) { if !quiet { Console.note(text) } }
}

/// `--json` for commands whose results programs read.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Results as JSON Lines on standard output.")
  var json = false
}

/// Raises the errors of option ranges in one form.
func requireRange<Value: Comparable>(_ name: String, _ value: Value, _ range: ClosedRange<Value>) throws {
  guard range.contains(value) else {
    throw ValidationError("\(name) is \(value); it must lie between \(range.lowerBound) and \(range.upperBound).")
  }
}
