import ArgumentParser

/// `poise bench`
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Throughput on this machine, against its limits measured in the same run.",
    discussion: "`poise bench` is `poise bench kernels`, and `poise help bench kernels` explains its options.",
    subcommands: [BenchKernelsCommand.self, BenchPeersCommand.self], defaultSubcommand: BenchKernelsCommand.self)
}
