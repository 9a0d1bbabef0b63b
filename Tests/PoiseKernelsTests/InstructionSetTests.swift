import Testing

@testable import PoiseKernels

@Suite struct InstructionSetTests {
  @Test func theWidestIsChosenUnlessOneIsNamed() {
    #expect(InstructionSet.choose(named: nil, from: [.avx2, .avx512]) == .success(.avx512))
    #expect(InstructionSet.choose(named: "", from: [.avx2]) == .success(.avx2))
    #expect(InstructionSet.choose(named: "avx2", from: [.avx2, .avx512]) == .success(.avx2))
    #expect(InstructionSet.choose(named: "avx512", from: [.avx2, .avx512]) == .success(.avx512))
    #expect(InstructionSet.choose(named: nil, from: [.native]) == .success(.native))
  }

  @Test func whatCannotBeChosenIsExplained() {
    let unknown = InstructionSet.choose(named: "sse2", from: [.avx2, .avx512])
    #expect(unknown == .failure(.unavailable(name: "sse2", supported: [.avx2, .avx512])))
    #expect(InstructionSet.choose(named: "avx512", from: [.avx2]) == .failure(.unavailable(name: "avx512", supported: [.avx2])))
    #expect(InstructionSet.choose(named: nil, from: []) == .failure(.processorTooOld))
    #expect(InstructionSet.choose(named: "avx2", from: []) == .failure(.processorTooOld))
    #expect(
      "\(InstructionSetError.unavailable(name: "sse2", supported: [.avx2, .avx512]))"
        == "poise: POISE_ISA=sse2 is not available here; use avx2 or avx512, or leave it unset.")
    #expect(
      "\(InstructionSetError.processorTooOld)"
        == "poise: this processor has no AVX2 and FMA (x86-64-v3), which the kernels need.")
  }

  @Test func aSetNeedsAllItsFeatures() {
    let third = "fma movbe abm bmi1 avx2 bmi2 f16c"
    let fourth = third + " avx512f avx512dq avx512cd avx512bw avx512vl"
    #expect(InstructionSet.supported(by: Set(third.split(separator: " "))) == [.avx2])
    #expect(InstructionSet.supported(by: Set(fourth.split(separator: " "))) == [.avx2, .avx512])
    for missing in third.split(separator: " ") {
      #expect(InstructionSet.supported(by: Set(fourth.split(separator: " ")).subtracting([missing])) == [])
    }
    for missing in ["avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"] as Set<Substring> {
      #expect(InstructionSet.supported(by: Set(fourth.split(separator: " ")).subtracting([missing])) == [.avx2])
    }
  }

  #if arch(x86_64) && os(Linux)
    @Test func featuresAreTheWordsOfTheFirstFlagsLine() {
      let text = "processor\t: 0\nflags\t\t: fpu fma avx2\nvmx flags\t: vnmi\n\nprocessor\t: 1\nflags\t\t: sse2\n"
      #expect(features(ofProcessorInformation: text) == ["fpu", "fma", "avx2"])
      #expect(features(ofProcessorInformation: "").isEmpty)
    }
  #endif

  @Test func everySupportedSetHasKernels() {
    #expect(!InstructionSet.supported.isEmpty)
    for set in InstructionSet.supported { #expect(InstructionSet.table(for: set) != nil) }
    #expect(InstructionSet.supported.contains(.chosen))
  }
}
