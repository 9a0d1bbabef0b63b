import Foundation
import PoiseBench
import PoiseKernelCases
import PoiseKernels
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct RooflineTests {
  private func line(_ name: String, _ work: Work, threads: Int = 1) -> BenchLine {
    BenchLine(
      name: name, shape: "2×3", instructionSet: .chosen, threads: threads, seconds: 1e-6, work: work, limit: 5e-7, bound: .memory)
  }

  @Test func theDrawingIsWellFormedAndHasADotForWhatComputes() {
    let lines = [
      line("a & <b>", Work(read: 4_096, operations: 1_024)), line("copy", Work(read: 4_096, written: 4_096)),
      line("exp", Work(read: 4_096, written: 4_096, exponentials: 1_024)),
      line("elsewhere", Work(read: 4_096, operations: 1_024), threads: 7),
    ]
    let svg = RooflineDrawing(ceilings: MachineCeilingsTests.ceilings, lines: lines).svg
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.components(separatedBy: "<title>").count == 1 + 2)
    #expect(
      svg.contains("<title>a &amp; &lt;b> 2×3 \(InstructionSet.chosen.rawValue): 1.02 GFLOP/s, 50 % of the limit by memory"))
    #expect(svg.contains("OpenBLAS sgemm") && svg.contains("fused multiply-adds") && svg.contains("copy in 16 KiB"))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test func anEmptyDrawingIsWellFormed() {
    let svg = RooflineDrawing(ceilings: MachineCeilingsTests.ceilings, lines: []).svg
    #expect(XMLParser(data: Data(svg.utf8)).parse() && !svg.contains("nan"))
  }
}
