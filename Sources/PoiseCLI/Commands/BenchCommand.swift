import ArgumentParser

/// `poise bench`
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Throughput of kernels and steps.", subcommands: [BenchPeersCommand.self])
}
