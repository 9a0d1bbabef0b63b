import ArgumentParser
import Poise
import PoiseBench
import PoiseFiles
import PoiseKernels

/// `poise bench kernels`
struct BenchKernelsCommand: ParsableCommand {
  /// Which instruction sets to time.
  enum Sets: String, CaseIterable, ExpressibleByArgument { case avx2, avx512, native, all }

  static let configuration = CommandConfiguration(
    commandName: "kernels", abstract: "Every kernel and whole steps: time, throughput, share of the limit, error in ulps.",
    discussion: """
      First the limits are measured: fused multiply-adds, matrix products by OpenBLAS, exponentials, and reading and copying in \
      memory of growing size, through all caches. Then every kernel is timed at three shapes: one that stays in the first cache, \
      one of a small model, and one larger than the caches of a core. No run can take less time than its bytes need at that size, \
      or its exponentials, or its operations: the longest of the three is its limit. Beside it stands the largest error against \
      the kernel's double-precision twin. Steps are forward, backward and update of the presets tiny and small, decoding, and the \
      vocabulary head.

      Takes one to two minutes; other programs at work make times longer, so compare within one run.
      """)

  @Option(help: ArgumentHelp("Only kernels, steps and shapes that contain this.", valueName: "text")) var filter: String?
  @Option(
    help: ArgumentHelp(
      "Threads, 1 to 1024: kernels run side by side, each on its own rows. (default: 1 for kernels, all processors for steps)",
      valueName: "n"))
  var threads: Int?
  @Option(help: ArgumentHelp("Instruction sets of the kernels. (default: the one in use)", valueName: "set")) var isa: Sets?
  @Flag(help: "The smallest shape of each and fewer repetitions, in seconds.") var quick = false
  @Option(help: ArgumentHelp("Draw the kernels under the machine's roofs.", valueName: "file.svg")) var roofline: String?
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption

  func validate() throws {
    if let threads { try requireRange("--threads", threads, 1...1024) }
    if sets.isEmpty {
      let supported = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--isa is \(isa!.rawValue), which this processor has no kernels for; it has \(supported).")
    }
    if plan.isEmpty { throw ValidationError("--filter is \"\(filter!)\", and no kernel or step has that in its name or shape.") }
  }

  func run() throws {
    var (ceilings, lines): ([MachineCeilings], [BenchLine]) = ([], [])
    let status = StatusLine()
    try plan.run(beginning: status.show) {
      ceilings.append($0)
      if output.json { for line in $0.lines { Console.result(line.json.line) } }
    } timed: {
      lines.append($0)
      if output.json { Console.result($0.json.line) }
    }
    status.clear()
    if !output.json { Console.result(BenchReport(ceilings: ceilings, lines: lines).text) }
    if let roofline {
      // Those of the kernels; of the steps where no kernel was asked for.
      let roofs = ceilings.last { $0.threads == (threads ?? 1) } ?? ceilings.last!
      try Files.replace(roofline, with: RooflineDrawing(ceilings: roofs, lines: lines).svg)
    }
  }

  private var plan: BenchPlan { BenchPlan(filter: filter, sets: sets, threads: threads, isQuick: quick) }

  /// Empty where the processor does not have the set that is asked for.
  private var sets: [InstructionSet] {
    switch isa {
    case nil: [.chosen]
    case .all: InstructionSet.supported
    case let isa?: InstructionSet.supported.filter { $0.rawValue == isa.rawValue }
    }
  }
}
