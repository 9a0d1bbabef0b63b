#if DEBUG
  import PoiseKernels
  import Testing

  @testable import PoiseModel

  /// Swift lets an arena lend the same memory twice; debug builds do not let a kernel have it.
  @Suite struct DisjointSpansTests {
    /// Two tensors of three rows, of eight floats each.
    private struct Pair {
      let arena: Arena
      let x: Tensor
      let y: Tensor

      init() {
        var layout = Layout()
        x = layout.add("x", 3, 8)
        y = layout.add("y", 3, 8)
        arena = Arena(layout)
      }
    }

    @Test func whatIsReadMayNotBeWritten() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pair = Pair()
        kernels.add(pair.arena[pair.x, rows: 0..<2], addingTo: pair.arena[writing: pair.x, rows: 1..<3])
      }
      #expect(saysWhy(result, "add(_:addingTo:)"))
    }

    /// Here a vector is written beside a matrix.
    @Test func whatIsWrittenMayNotBeWrittenTwice() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pair = Pair()
        kernels.rmsNormForward(
          pair.arena[pair.x], gain: pair.arena[pair.x, rows: 0..<1], epsilon: 1e-6, into: pair.arena[writing: pair.y],
          inverseDeviations: pair.arena[writingElements: pair.y.offset + 21..<pair.y.offset + 24])
      }
      #expect(saysWhy(result, "rmsNormForward"))
    }

    /// From the first element of a matrix to its last, what lies between its rows included.
    @Test func aProductMayNotOverwriteItsFactors() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pair = Pair()
        multiply(
          pair.arena.matrix(pair.x, columns: 0..<4), pair.arena.matrix(pair.y, rows: 0..<3, columns: 0..<4).transposed,
          into: pair.arena.matrix(pair.x, columns: 5..<8))
      }
      #expect(saysWhy(result, "matrixProduct"))
    }

    @Test func whatIsOnlyReadMayOverlapAndNeighboursMayTouch() {
      let pair = Pair()
      let (arena, x) = (pair.arena, pair.x)
      kernels.geluBackward(arena[x, rows: 0..<2], x: arena[x, rows: 0..<2], into: arena[writing: pair.y, rows: 0..<2])
      kernels.add(arena[x, rows: 0..<1], addingTo: arena[writing: x, rows: 1..<2])
      kernels.add(arena[x, rows: 1..<1], addingTo: arena[writing: x, rows: 0..<0])
    }

    private func saysWhy(_ result: ExitTest.Result?, _ kernel: String) -> Bool {
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      return message.contains(kernel) && message.contains("writes what it was lent a second time")
    }
  }
#endif
