import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let targets = [
    targetLogProbabilities("targetLogProbabilities", rows: fewRows, shapes: .vocabularies, Targets.oneARow),
    targetLogProbabilities("targetLogProbabilitiesOfSharedRows", rows: fourRows, shapes: [], Targets.sharingRows),
    logProbabilityBackward("logProbabilityBackward", rows: fewRows, shapes: .vocabularies, Targets.oneARow),
    logProbabilityBackward("logProbabilityBackwardOfSharedRows", rows: fourRows, shapes: [], Targets.sharingRows),
  ]

  private static func targetLogProbabilities(
    _ name: String, rows: @escaping @Sendable (Int) -> Int, shapes: [KernelShape],
    _ makeTargets: @escaping @Sendable (KernelShape) -> Targets
  ) -> KernelCase {
    KernelCase(name, of: "targetLogProbabilities", lengths: vocabulary, rows: rows, shapes: shapes) { kernels, shape in
      let (targets, logits) = (makeTargets(shape), Operand.normal("logits", shape.count, scale: 3))
      let (logPartitions, found) = (makeLogPartitions(of: logits, shape, kernels), Operand(count: targets.count))
      return PreparedKernel(
        reading: [logits, logPartitions], writing: [found], readBytes: found.bytes + logPartitions.bytes,
        operations: targets.count
      ) {
        kernels.targetLogProbabilities(
          logits.span, columns: shape.columns, logPartitions: logPartitions.span, rows: targets.rows.span,
          targets: targets.tokens.span, into: found.writing)
      } compare: {
        let twin = Twin.targetLogProbabilities(
          logits.doubles, columns: shape.columns, rows: targets.rows, targets: targets.tokens)
        return [KernelOutput("logProbabilities", found, twin: twin, ulps: 2, ofTerms: 8)]
      }
    }
  }

  private static func logProbabilityBackward(
    _ name: String, rows: @escaping @Sendable (Int) -> Int, shapes: [KernelShape],
    _ makeTargets: @escaping @Sendable (KernelShape) -> Targets
  ) -> KernelCase {
    KernelCase(name, of: "logProbabilityBackward", lengths: vocabulary, rows: rows, shapes: shapes) { kernels, shape in
      let (targets, logits) = (makeTargets(shape), Operand.normal("logits", shape.count, scale: 3))
      let logPartitions = makeLogPartitions(of: logits, shape, kernels)
      let coefficients = Operand.normal("coefficients", targets.count)
      let seeded = Set(targets.rows).count * shape.columns
      return PreparedKernel(
        reading: [coefficients, logPartitions], updating: [logits], exponentials: seeded, operations: 2 * seeded
      ) {
        kernels.logProbabilityBackward(
          coefficients: coefficients.span, rows: targets.rows.span, targets: targets.tokens.span,
          logPartitions: logPartitions.span, columns: shape.columns, updating: logits.writing)
      } compare: {
        let twin = Twin.logProbabilityBackward(
          logits.doubles, coefficients: coefficients.doubles, rows: targets.rows, targets: targets.tokens,
          columns: shape.columns)
        return [KernelOutput("dLogits", logits, twin: twin, ulps: 8, ofTerms: 2)]
      }
    }
  }
}

@Sendable private func fourRows(ofLength _: Int) -> Int { 4 }

/// Tokens that were predicted, and by which rows.
private struct Targets {
  let rows: [Int32]
  let tokens: [Int32]

  var count: Int { rows.count }

  @Sendable static func oneARow(_ shape: KernelShape) -> Targets {
    Targets(rows: (0..<shape.rows).map { Int32($0) }, tokens: idRow("targets", count: shape.rows, below: shape.columns))
  }

  /// Five targets in rows 0, 0, 2, 2, 2 of four, so that rows are shared and rows are left out.
  @Sendable static func sharingRows(_ shape: KernelShape) -> Targets {
    Targets(rows: [0, 0, 2, 2, 2], tokens: idRow("targets", count: 5, below: shape.columns))
  }
}
