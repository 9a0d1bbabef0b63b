import ArgumentParser
import Poise
import PoiseBench
import PoiseFiles
import PoiseModel

/// `poise profile`
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Trains as another command does, and says where time and memory went.",
    discussion: """
      `poise profile train ipo …` takes the options of `poise train ipo …` and does the same, to the same bits. Twenty steps say \
      enough. Reading models and data, and reports after training, are not part of the profile.

      Times are wall time: what several workers do side by side has its share of the time they take together. The limits, of \
      products, exponentials and memory, are measured afterwards, in a second or two.
      """,
    subcommands: [
      ProfiledCommand<TrainCommand>.self, ProfiledCommand<SupervisedCommand>.self, ProfiledJudgeCommand<RewardCommand>.self,
      ProfiledJudgeCommand<PreferenceCommand>.self,
    ], defaultSubcommand: ProfiledCommand<TrainCommand>.self)
}

/// `poise profile train`, `poise profile sft`: everything the command understands, and more.
struct ProfiledCommand<Command: ParsableCommand>: ParsableCommand {
  static var configuration: CommandConfiguration { .init(profiling: Command.self) }

  @OptionGroup(title: "Profile") var profile: ProfileFlags
  @OptionGroup(title: "Profile") var output: OutputOptions
  @OptionGroup var command: Command

  func run() throws { try profile.run(command, json: output.json) }
}

/// A command whose own report programs may read.
protocol JudgeTrainingCommand: PlannedCommand {
  var output: OutputOptions { get }
  var judgeRun: JudgeRun { get }
}

extension JudgeTrainingCommand {
  func run() throws { try judgeRun.run() }
  func memoryPlan() throws -> MemoryPlan { try judgeRun.memoryPlan() }
}

/// `poise profile reward`, `poise profile preference`: `--json`, which the command has too, then speaks of the profile.
struct ProfiledJudgeCommand<Command: JudgeTrainingCommand>: ParsableCommand {
  static var configuration: CommandConfiguration { .init(profiling: Command.self) }

  @OptionGroup(title: "Profile") var profile: ProfileFlags
  @OptionGroup var command: Command

  func run() throws { try profile.run(command, json: command.output.json) }
}

extension CommandConfiguration {
  fileprivate init(profiling command: any ParsableCommand.Type) {
    let name = command.configuration.commandName!
    self.init(commandName: name, abstract: "Where time and memory of `poise \(name)` go.")
  }
}

extension ProfileView: ExpressibleByArgument {}

/// What a profile has of its own.
struct ProfileFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Write what happened when, for Perfetto or chrome://tracing.", valueName: "file"))
  var trace: String?
  @Option(help: "What lines of --json are about: phase, or layer or kernel within their phase.")
  var by = ProfileView.phase

  /// Events of a worker, 24 bytes each.
  private static let traceCapacity = 1 << 18

  func run(_ command: some ParsableCommand, json: Bool) throws {
    if let trace { try Files.requireCreatable(trace) }
    ProfiledKernels.install()
    Console.leavesResultsToOuterCommand.store(json, ordering: .relaxed)
    let profiler = Profiler(traceCapacity: trace == nil ? 0 : Self.traceCapacity)
    var command = command
    try profiler.profile { try command.run() }
    Console.leavesResultsToOuterCommand.store(false, ordering: .relaxed)
    try report(profiler.result, json: json)
    if let trace { try write(profiler.trace, to: trace) }
  }

  private func report(_ profile: Profile, json: Bool) throws {
    let ceilings = MachineCeilings.measured(.chosen, pool: WorkerPool(workerCount: profile.workers))
    let report = ProfileReport(profile: profile, ceiling: ProfileCeiling(ceilings))
    if json {
      for line in report.json(by: by) { Console.result(line.line) }
    } else {
      Console.result("\n" + report.text)
    }
  }

  private func write(_ trace: Trace, to path: String) throws {
    try trace.write(to: path)
    let lost = trace.lost > 0 ? "; \(trace.lost) later events found no room" : ""
    Console.note("The trace is in \(path)\(lost). Open it at https://ui.perfetto.dev or chrome://tracing.")
  }
}

extension ProfileCeiling {
  /// Of all threads together. A profile does not tell reading from writing: the faster is the limit.
  init(_ ceilings: MachineCeilings) {
    func perNanosecond(_ speed: Double) -> Double { Double(ceilings.threads) * speed / 1e9 }
    func bytes(_ bandwidth: MachineCeilings.Bandwidth?) -> Double {
      bandwidth.map { perNanosecond(max($0.read, $0.copied, $0.updated)) } ?? 0
    }
    self.init(
      operations: perNanosecond(ceilings.products), exponentials: perNanosecond(ceilings.exponentials),
      cachedBytes: bytes(ceilings.bandwidths.first { $0.size >= Double(Self.cacheSize) }), bytes: bytes(ceilings.bandwidths.last))
  }
}
