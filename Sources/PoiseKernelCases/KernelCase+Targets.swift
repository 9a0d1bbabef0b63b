import PoiseKernels
import PoiseTwins

extension KernelCase {
  static let targets = [
    targetLogProbabilities("targetLogProbabilities", rows: fewRows, shapes: .vocabularies, Targets.oneARow),
    targetLogProbabilities("targetLogProbabilitiesOfSharedRows", rows: fourRows, shapes: [], Targets.sharingRows),
    targetLogProbabilitiesWithGradients("targetLogProbabilitiesWithGradients", shapes: .vocabularies, rows: fewRows) { shape in
      Operand.normal("logits", shape.count, scale: 3)
    } coefficients: { shape in
      Operand.normal("coefficients", shape.rows)
    },
    // Every third row counts for nothing, and every third begins far below its largest logit.
    targetLogProbabilitiesWithGradients(
      "targetLogProbabilitiesWithGradientsOfSomeRows", shapes: [], rows: sevenRows, logits: logitsOfLowBeginnings
    ) { shape in
      Operand(normalRow("coefficients", count: shape.rows).enumerated().map { $0 % 3 == 1 ? 0 : $1 })
    },
    targetLogProbabilitiesKeepingGradients("targetLogProbabilitiesKeepingGradients", shapes: .vocabularies, rows: fewRows) {
      Operand.normal("logits", $0.count, scale: 3)
    },
    targetLogProbabilitiesKeepingGradients(
      "targetLogProbabilitiesKeepingGradientsOfManyRows", shapes: [], rows: nineteenRows, logits: logitsOfLowBeginnings),
    KernelCase(
      "logProbabilityBackwardOfKeptGradients", of: "logProbabilityBackward", lengths: vocabulary, rows: fewRows,
      shapes: .vocabularies
    ) { kernels, shape in
      let (targets, logits) = (Targets.oneARow(shape), Operand.normal("logits", shape.count, scale: 3))
      let (found, sums, kept) = (Operand(count: shape.rows), Operand(count: shape.rows), Operand(count: shape.count))
      kernels.targetLogProbabilities(
        logits.span, columns: shape.columns, targets: targets.tokens.span, into: found.writing, gradients: kept.writing,
        sums: sums.writing)
      let (gradients, coefficients) = (Operand(kept.found), Operand.normal("coefficients", shape.rows))
      return PreparedKernel(reading: [coefficients, sums], updating: [gradients], operations: shape.count) {
        kernels.logProbabilityBackward(
          coefficients: coefficients.span, sums: sums.span, columns: shape.columns, updating: gradients.writing)
      } compare: {
        let twin = Twin.logProbabilityBackward(
          logits.doubles, coefficients: coefficients.doubles, rows: targets.rows, targets: targets.tokens, columns: shape.columns)
        return [KernelOutput("gradients", gradients, twin: twin, ulps: 2, ofTerms: 2)]
      }
    },
    logProbabilityBackward("logProbabilityBackward", rows: fewRows, shapes: .vocabularies, Targets.oneARow),
    logProbabilityBackward("logProbabilityBackwardOfSharedRows", rows: fourRows, shapes: [], Targets.sharingRows),
    logProbabilityBackward(
      "logProbabilityBackwardOutOfPlace", rows: fewRows, shapes: .vocabularies, outOfPlace: true, Targets.oneARow),
    logProbabilityBackward(
      "logProbabilityBackwardOutOfPlaceOfSharedRows", rows: fourRows, shapes: [], outOfPlace: true, Targets.sharingRows),
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

  private static func targetLogProbabilitiesWithGradients(
    _ name: String, shapes: [KernelShape], rows: @escaping @Sendable (Int) -> Int,
    logits makeLogits: @escaping @Sendable (KernelShape) -> Operand,
    coefficients makeCoefficients: @escaping @Sendable (KernelShape) -> Operand
  ) -> KernelCase {
    KernelCase(name, of: "targetLogProbabilities", lengths: vocabulary, rows: rows, shapes: shapes) { kernels, shape in
      let (targets, logits, coefficients) = (Targets.oneARow(shape), makeLogits(shape), makeCoefficients(shape))
      let (found, dLogits) = (Operand(count: shape.rows), Operand(count: shape.count))
      let scratch = Operand([Float](repeating: .nan, count: kernels.targetScratchElements(columns: shape.columns)))
      return PreparedKernel(
        reading: [logits, coefficients], writing: [found, dLogits], exponentials: shape.count, operations: 4 * shape.count
      ) {
        kernels.targetLogProbabilities(
          logits.span, columns: shape.columns, targets: targets.tokens.span, coefficients: coefficients.span,
          scratch: scratch.writing, into: found.writing, gradients: dLogits.writing)
      } restore: {
        scratch.restore()
      } compare: {
        let logProbabilities = Twin.targetLogProbabilities(
          logits.doubles, columns: shape.columns, rows: targets.rows, targets: targets.tokens)
        let gradients = Twin.logProbabilityBackward(
          logits.doubles, coefficients: coefficients.doubles, rows: targets.rows, targets: targets.tokens, columns: shape.columns)
        // 0.93 and 1.16 ulp are the worst that were found: a quotient, a rounding of the logarithm, and of the difference.
        return [
          KernelOutput(
            "logProbabilities", found, twin: zip(logProbabilities, coefficients.doubles).map { $1 == 0 ? 0 : $0 }, ulps: 1.5,
            ofTerms: 8),
          KernelOutput("dLogits", dLogits, twin: gradients, ulps: 2, ofTerms: 2),
        ]
      }
    }
  }

  /// Gradients are compared once their rows are scaled, and the sums, whose origin is the kernel's choice, with them.
  private static func targetLogProbabilitiesKeepingGradients(
    _ name: String, shapes: [KernelShape], rows: @escaping @Sendable (Int) -> Int,
    logits makeLogits: @escaping @Sendable (KernelShape) -> Operand
  ) -> KernelCase {
    KernelCase(name, of: "targetLogProbabilities", lengths: vocabulary, rows: rows, shapes: shapes) { kernels, shape in
      let (targets, logits) = (Targets.oneARow(shape), makeLogits(shape))
      let (found, sums, gradients) = (Operand(count: shape.rows), Operand(count: shape.rows), Operand(count: shape.count))
      return PreparedKernel(
        reading: [logits], writing: [found, sums, gradients], exponentials: shape.count, operations: 3 * shape.count
      ) {
        kernels.targetLogProbabilities(
          logits.span, columns: shape.columns, targets: targets.tokens.span, into: found.writing, gradients: gradients.writing,
          sums: sums.writing)
      } compare: {
        let logProbabilities = Twin.targetLogProbabilities(
          logits.doubles, columns: shape.columns, rows: targets.rows, targets: targets.tokens)
        let twin = Twin.logProbabilityBackward(
          logits.doubles, coefficients: [Double](repeating: 1, count: shape.rows), rows: targets.rows, targets: targets.tokens,
          columns: shape.columns)
        let scaled = gradients.found.enumerated().map { $1 * (-1 / sums.found[$0 / shape.columns]) }
        return [
          KernelOutput("logProbabilities", found, twin: logProbabilities, ulps: 1.5, ofTerms: 8),
          KernelOutput("gradients", Operand(scaled), twin: twin, ulps: 2, ofTerms: 2),
        ]
      }
    }
  }

  private static func logProbabilityBackward(
    _ name: String, rows: @escaping @Sendable (Int) -> Int, shapes: [KernelShape], outOfPlace: Bool = false,
    _ makeTargets: @escaping @Sendable (KernelShape) -> Targets
  ) -> KernelCase {
    KernelCase(name, of: "logProbabilityBackward", lengths: vocabulary, rows: rows, shapes: shapes) { kernels, shape in
      let (targets, logits) = (makeTargets(shape), Operand.normal("logits", shape.count, scale: 3))
      let logPartitions = makeLogPartitions(of: logits, shape, kernels)
      let coefficients = Operand.normal("coefficients", targets.count)
      let dLogits = outOfPlace ? Operand(count: shape.count) : logits
      let seeded = Set(targets.rows).count * shape.columns
      return PreparedKernel(
        reading: outOfPlace ? [logits, coefficients, logPartitions] : [coefficients, logPartitions],
        writing: outOfPlace ? [dLogits] : [], updating: outOfPlace ? [] : [logits], exponentials: seeded, operations: 2 * seeded
      ) {
        if outOfPlace {
          kernels.logProbabilityBackward(
            logits.span, coefficients: coefficients.span, rows: targets.rows.span, targets: targets.tokens.span,
            logPartitions: logPartitions.span, columns: shape.columns, into: dLogits.writing)
        } else {
          kernels.logProbabilityBackward(
            coefficients: coefficients.span, rows: targets.rows.span, targets: targets.tokens.span,
            logPartitions: logPartitions.span, columns: shape.columns, updating: logits.writing)
        }
      } compare: {
        let twin = Twin.logProbabilityBackward(
          logits.doubles, coefficients: coefficients.doubles, rows: targets.rows, targets: targets.tokens,
          columns: shape.columns)
        return [KernelOutput("dLogits", dLogits, twin: twin, ulps: 8, ofTerms: 2)]
      }
    }
  }
}

/// Every third row begins far below its largest logit.
@Sendable private func logitsOfLowBeginnings(_ shape: KernelShape) -> Operand {
  let logits = normalRow("logits", count: shape.count, scale: 3)
  return Operand(logits.enumerated().map { $0 % shape.columns == 0 && $0 / shape.columns % 3 == 2 ? $1 - 100 : $1 })
}

@Sendable private func nineteenRows(ofLength columns: Int) -> Int { columns < 10_000 ? 19 : 3 }
@Sendable private func sevenRows(ofLength columns: Int) -> Int { columns < 10_000 ? 7 : 3 }
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
