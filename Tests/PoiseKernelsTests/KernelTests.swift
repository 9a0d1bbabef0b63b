import Foundation
import PoiseKernelCases
import PoiseKernels
import Testing

@Suite struct KernelTests {
  @Test(arguments: InstructionSet.supported, KernelCase.all)
  func everyTailLengthMatchesTheTwin(set: InstructionSet, kernel: KernelCase) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for shape in kernel.testedShapes {
      for output in kernel.prepare(kernels, shape).outputs() where !(output.ulps <= output.allowedUlps) {
        Issue.record("\(output.name) of rows of \(shape.columns): \(output.ulps) ulp, allowed \(output.allowedUlps)")
      }
    }
  }

  /// A sixteen-lane sum has one order, whatever the width of the registers.
  @Test(.enabled(if: InstructionSet.supported.count > 1), arguments: KernelCase.all)
  func everyInstructionSetReturnsTheSameBits(kernel: KernelCase) throws {
    let tables = InstructionSet.supported.compactMap(InstructionSet.table)
    try #require(tables.count == InstructionSet.supported.count)
    for shape in kernel.testedShapes {
      let first = kernel.prepare(tables[0], shape).outputs()
      for table in tables.dropFirst() {
        for (one, other) in zip(first, kernel.prepare(table, shape).outputs()) {
          #expect(one.found.map(\.bitPattern) == other.found.map(\.bitPattern), "\(one.name) of rows of \(shape.columns)")
        }
      }
    }
  }

  /// Cases name what they run, and the protocol's own source is the list they must cover: overloads as often as they stand there.
  @Test func everyKernelIsTimedByOneCase() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let source = try String(contentsOf: root.appendingPathComponent("Sources/PoiseKernels/KernelTable.swift"), encoding: .utf8)
    // Those that end in `Elements` only say how much memory others want.
    let requirements = source.matches(of: /\n  func (\w+)\(/).map { String($0.1) }.filter { !$0.hasSuffix("Elements") }
    #expect(requirements.count > 30)
    #expect(KernelCase.all.filter { !$0.shapes.isEmpty }.map(\.kernel).sorted() == requirements.sorted())
    #expect(Set(KernelCase.all.map(\.name)).count == KernelCase.all.count)
  }

  /// What is timed is what was tested: a hundred runs on end leave finite numbers, and the first run's result can be had again.
  @Test(arguments: KernelCase.all)
  func runsCanBeRepeated(kernel: KernelCase) throws {
    let kernels = try #require(InstructionSet.table(for: .chosen))
    let prepared = kernel.prepare(kernels, kernel.shapes.first ?? kernel.testedShapes[5])
    let first = prepared.outputs().map(\.found)
    for _ in 0..<100 { prepared.run() }
    #expect(prepared.found.allSatisfy { $0.allSatisfy(\.isFinite) })
    #expect(prepared.outputs().map(\.found) == first)
    #expect(prepared.work.bytes > 0 && prepared.workingSet <= prepared.work.bytes)
  }
}
