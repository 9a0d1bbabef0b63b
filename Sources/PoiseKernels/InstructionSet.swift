#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

#if arch(x86_64)
  import PoiseKernelsAVX2
  import PoiseKernelsAVX512

  extension PoiseKernelsAVX2.Kernels: KernelTable {}
  extension PoiseKernelsAVX512.Kernels: KernelTable {}
#else
  import PoiseKernelsNative

  extension PoiseKernelsNative.Kernels: KernelTable {}
#endif

/// The kernels of the instruction set chosen at start-up: the widest the processor has, or the one the environment
/// variable `POISE_ISA` names. Both give the same bits. Where there is nothing to choose, the first use ends the program
/// with a sentence on standard error and exit code 78 (EX_CONFIG).
public let kernels: any KernelTable = kernelDecoration(chosenKernels())

/// What stands in front of the chosen kernels, to look at their calls: nothing, unless it is set before ``kernels`` is first used.
package nonisolated(unsafe) var kernelDecoration: (any KernelTable) -> any KernelTable = { $0 }

/// The instruction sets the kernels are compiled for.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// x86-64-v3: AVX2, FMA, BMI.
  case avx2
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL.
  case avx512
  /// Whatever the target's baseline offers; the only choice off x86-64.
  case native

  /// The sets that this processor and its operating system offer, widest last.
  public static var supported: [InstructionSet] {
    #if arch(x86_64)
      return supported(by: processorFeatures())
    #else
      return [.native]
    #endif
  }

  /// The set ``kernels`` was chosen for.
  public static var chosen: InstructionSet {
    switch choose(named: environmentValue("POISE_ISA"), from: supported) {
    case .success(let set): set
    case .failure(let error): end(explaining: error)
    }
  }

  /// The kernels compiled for a set; nil where they are not part of this build. Calling those of an unsupported set is an
  /// illegal instruction: ask ``supported`` first.
  public static func table(for set: InstructionSet) -> (any KernelTable)? {
    #if arch(x86_64)
      switch set {
      case .avx2: PoiseKernelsAVX2.Kernels()
      case .avx512: PoiseKernelsAVX512.Kernels()
      case .native: nil
      }
    #else
      set == .native ? PoiseKernelsNative.Kernels() : nil
    #endif
  }

  /// The set to use: the one asked for by name, otherwise the last of those supported.
  /// - Parameter name: the value of `POISE_ISA`; nil or empty when it is not set.
  static func choose(named name: String?, from supported: [InstructionSet]) -> Result<InstructionSet, InstructionSetError> {
    guard let widest = supported.last else { return .failure(.processorTooOld) }
    guard let name, !name.isEmpty else { return .success(widest) }
    guard let set = InstructionSet(rawValue: name), supported.contains(set) else {
      return .failure(.unavailable(name: name, supported: supported))
    }
    return .success(set)
  }

  /// The sets whose every feature is listed, widest last. Names are those of `/proc/cpuinfo`.
  static func supported(by features: Set<Substring>) -> [InstructionSet] {
    let third: Set<Substring> = ["avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"]
    let fourth: Set<Substring> = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
    guard third.isSubset(of: features) else { return [] }
    return fourth.isSubset(of: features) ? [.avx2, .avx512] : [.avx2]
  }
}

/// Why no instruction set could be chosen.
enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  case processorTooOld
  case unavailable(name: String, supported: [InstructionSet])

  var description: String {
    switch self {
    case .processorTooOld:
      "poise: this processor has no AVX2 and FMA (x86-64-v3), which the kernels need."
    case .unavailable(let name, let supported):
      "poise: POISE_ISA=\(name) is not available here; use "
        + supported.map(\.rawValue).joined(separator: " or ") + ", or leave it unset."
    }
  }
}

private func chosenKernels() -> any KernelTable {
  guard let table = InstructionSet.table(for: .chosen) else { preconditionFailure("supported sets have kernels") }
  #if DEBUG
    return DisjointKernels(table: table)
  #else
    return table
  #endif
}

private func end(explaining error: InstructionSetError) -> Never {
  let sentence = Array("\(error)\n".utf8)
  _ = unsafe write(STDERR_FILENO, sentence, sentence.count)
  exit(78)
}
