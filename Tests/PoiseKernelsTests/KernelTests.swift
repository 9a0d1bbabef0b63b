import PoiseKernels
import PoiseTestSupport
import Testing

@Suite struct KernelTests {
  @Test(arguments: InstructionSet.supported, KernelCase.all)
  func everyTailLengthMatchesTheTwin(set: InstructionSet, kernel: KernelCase) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for columns in kernel.lengths {
      for output in kernel.outputs(kernels, columns) where !(output.ulps <= output.allowedUlps) {
        Issue.record("\(output.name) of rows of \(columns): \(output.ulps) ulp, allowed \(output.allowedUlps)")
      }
    }
  }

  /// A sixteen-lane sum has one order, whatever the width of the registers.
  @Test(.enabled(if: InstructionSet.supported.count > 1), arguments: KernelCase.all)
  func everyInstructionSetReturnsTheSameBits(kernel: KernelCase) throws {
    let tables = InstructionSet.supported.compactMap(InstructionSet.table)
    try #require(tables.count == InstructionSet.supported.count)
    for columns in kernel.lengths {
      let first = kernel.outputs(tables[0], columns)
      for table in tables.dropFirst() {
        for (one, other) in zip(first, kernel.outputs(table, columns)) {
          #expect(one.found.map(\.bitPattern) == other.found.map(\.bitPattern), "\(one.name) of rows of \(columns)")
        }
      }
    }
  }
}
