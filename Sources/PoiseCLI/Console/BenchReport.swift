import PoiseBench
import PoiseFiles
import PoiseKernelCases

/// What `poise bench` says to people: the limits of the machine, then every kernel and step against them.
struct BenchReport {
  let ceilings: [MachineCeilings]
  let lines: [BenchLine]

  var text: String { (ceilings.map(limits) + (lines.isEmpty ? [] : [timings, Self.legend])).joined(separator: "\n\n") }

  private func limits(_ ceilings: MachineCeilings) -> String {
    let threads = ceilings.threads == 1 ? "one thread" : "each of \(ceilings.threads) threads"
    var table = TextTable(["limits of \(threads), \(ceilings.instructionSet.rawValue)", "GB/s read", "copied", "updated"])
    for bandwidth in ceilings.bandwidths {
      table.add([
        "memory of \(bandwidth.sizeName)", (bandwidth.read / 1e9).formatted(decimals: 1),
        (bandwidth.copied / 1e9).formatted(decimals: 1), (bandwidth.updated / 1e9).formatted(decimals: 1),
      ])
    }
    let peaks =
      "fma \((ceilings.multiplyAdds / 1e9).formatted(decimals: 1)) GFLOP/s · "
      + "sgemm \((ceilings.products / 1e9).formatted(decimals: 1)) GFLOP/s · "
      + "exp \((ceilings.exponentials / 1e9).formatted(decimals: 2)) per ns"
    return table.text + "\n" + peaks
  }

  private var timings: String {
    var table = TextTable(
      ["kernel or step", "shape", "isa", "threads", "time", "GFLOP/s", "GB/s", "bound", "of limit", "ulps"], leftColumns: 3)
    for line in lines {
      table.add([
        line.name, line.shape, line.instructionSet.rawValue, String(line.threads), Self.time(line.seconds),
        line.gigaflops.formatted(decimals: 1), line.gigabytesPerSecond.formatted(decimals: 1), line.bound.rawValue,
        "\((100 * line.fractionOfLimit).formatted(decimals: 0)) %", line.maximumUlps?.formatted(decimals: 2) ?? "–",
      ])
    }
    return table.text
  }

  private static let legend =
    "Bound: what keeps it from being faster at best, and how near to that it comes. GB/s counts what must be read and written once;\n"
    + "GFLOP/s counts an exponential as \(Work.operationsPerExponential.formatted(decimals: 0)) operations. Ulps: the largest error beside the double-precision twin."

  private static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-6: "\((seconds * 1e9).formatted(significantDigits: 3)) ns"
    case ..<1e-3: "\((seconds * 1e6).formatted(significantDigits: 3)) µs"
    default: "\((seconds * 1e3).formatted(decimals: seconds < 0.1 ? 2 : 0)) ms"
    }
  }
}
