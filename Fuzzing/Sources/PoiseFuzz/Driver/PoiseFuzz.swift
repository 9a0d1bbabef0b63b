import CFuzzer
import Foundation
import PoiseFiles

/// The target that POISE_FUZZ_TARGET names, with the arguments of libFuzzer:
///
///     POISE_FUZZ_TARGET=json PoiseFuzz -max_total_time=60 Corpora/json
///
/// What libFuzzer finds stands in files of the folder that it is started in; it ends the process then.
///
/// By the environment, because libFuzzer starts itself again in some of its modes. `PoiseFuzz --list` prints the names of all
/// targets, and `PoiseFuzz --write FOLDER` the target's seeds and, beside the folder, its dictionary.
@main enum PoiseFuzz {
  static func main() throws {
    if CommandLine.arguments.dropFirst().first == "--list" { return print(fuzzTargets.map { $0.name }.joined(separator: "\n")) }
    let name = ProcessInfo.processInfo.environment["POISE_FUZZ_TARGET"] ?? ""
    guard let target = fuzzTargets.first(where: { $0.name == name }) else {
      throw DataError("POISE_FUZZ_TARGET", "there is no target \"\(name)\"; PoiseFuzz --list prints them.", category: .usage)
    }
    if CommandLine.arguments.dropFirst().first == "--write", let folder = CommandLine.arguments.last {
      return try writeSeeds(target, to: folder)
    }
    current = target
    useOwnStackForSignals()
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments, readInput))
  }

  private nonisolated(unsafe) static var current: any FuzzTarget.Type = JSONTarget.self

  /// An input must be read, or refused with an explanation.
  fileprivate static func run(_ input: [UInt8]) {
    do { try current.run(input) } catch let error as any ExplainedError {
      switch error.category {
      case .badData, .configuration, .inputMissing: precondition(!error.description.isEmpty)
      case .usage, .internalFault, .cannotCreate, .inputOutput: fatalError("of the wrong category: \(error)")
      }
    } catch { fatalError("not explained: \(error)") }
  }

  /// A stack that has overflowed leaves no place to say so, and the input would be lost.
  private static func useOwnStackForSignals() {
    let size = 1 << 16
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    stack.ss_size = size
    sigaltstack(&stack, nil)
  }

  private static func writeSeeds(_ target: any FuzzTarget.Type, to folder: String) throws {
    try Files.createDirectory(folder)
    for (index, seed) in try target.seeds.enumerated() {
      try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
    }
    let words = target.dictionary.map { word in
      "\""
        + word.utf8.map { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C ? String(UnicodeScalar($0)) : hexadecimal($0) }
        .joined() + "\"\n"
    }
    try Data(words.joined().utf8).write(to: URL(fileURLWithPath: folder + ".dict"))
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count == 1 ? "0" : "") + digits
  }
}

private func readInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  PoiseFuzz.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
