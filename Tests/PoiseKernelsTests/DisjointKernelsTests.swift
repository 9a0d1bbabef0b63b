#if DEBUG
  import PoiseKernelCases
  import Testing

  @testable import PoiseKernels

  @Suite struct DisjointKernelsTests {
    @Test(arguments: KernelCase.all)
    func everyKernelReturnsTheSameBits(kernel: KernelCase) throws {
      let plain = try #require(InstructionSet.table(for: .chosen))
      let shape = kernel.testedShapes[min(5, kernel.testedShapes.count - 1)]
      func bits(_ kernels: any KernelTable) -> [[UInt32]] {
        kernel.prepare(kernels, shape).outputs().map { $0.found.map(\.bitPattern) }
      }
      #expect(bits(DisjointKernels(table: plain)) == bits(plain))
    }
  }
#endif
