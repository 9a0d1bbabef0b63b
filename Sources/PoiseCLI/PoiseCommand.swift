import ArgumentParser
import Foundation
import Poise
import PoiseFiles
import PoiseKernels
import PoiseModel

/// The `poise` command.
@main
struct PoiseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "poise",
    abstract: "Trains compact transformer policies from preferences, on the CPU.",
    discussion: """
      Begin with `poise demo`: in a few minutes it makes data, trains a small model on it, improves it by IPO-MD and shows \
      what it says before and after.

      Results go to standard output, progress and messages to standard error. Exit codes: 0 done, 64 wrong usage, 65 bad data, \
      66 input missing, 70 internal fault, 73 output cannot be created, 74 input/output error, 78 unusable configuration.
      """,
    version: Version.description,
    subcommands: [
      DemoCommand.self, DataCommand.self, TokenizerCommand.self, SupervisedCommand.self, RewardCommand.self,
      PreferenceCommand.self, TrainCommand.self, ReportCommand.self, VerifyRunCommand.self, MergeCommand.self, SampleCommand.self,
      ScoreCommand.self, LossCommand.self, CompareCommand.self, StudyCommand.self,
      NashCommand.self, CheckGradientsCommand.self, BenchCommand.self, ProfileCommand.self, DoctorCommand.self,
    ])

  static func main() {
    Owner.watch()
    signal(SIGXFSZ, SIG_IGN)  // a file that may not grow is an error to report, not a reason to die
    do {
      var command = try parseAsRoot(try Invocation.arguments.get())
      try command.run()
    } catch let error as any ExplainedError {
      Console.fail(error)
    } catch {
      guard exitCode(for: error) == .failure else { exit(withError: error) }
      Console.note("poise: something failed that was not foreseen: \(error)")
      Foundation.exit(FailureCategory.internalFault.rawValue)
    }
  }
}

enum Version {
  static let number = "0.1.0"

  /// Version, instruction set, BLAS.
  static var description: String {
    "poise \(number) (kernels: \(InstructionSet.chosen.rawValue); BLAS: \(LinearAlgebra.description))"
  }
}
