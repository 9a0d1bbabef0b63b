import PoiseKernels
import PoiseTwins
import Testing

/// Limits, conventions and extremes, each as literal numbers.
@Suite struct EdgeTests {
  @Test(arguments: InstructionSet.supported)
  func exponentialIsExactAtItsLimits(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let x: [Float] = [-.infinity, -1e30, -104, -103.98, -103.97, -88, -0.0, 0, 88.72, 88.73, 1e30, .infinity, .nan]
    var y = x
    kernels.exponential(x.span, into: y.mutableSpan)
    let exact: [Double] = [
      0, 0, 0, 0, 7.021051948485981e-46, 6.054601895401186e-39, 1, 1, 3.393180516226706e+38, .infinity, .infinity, .infinity,
    ]
    #expect(largestUlps(of: Array(y[..<12]), from: exact) <= 1)
    #expect(Array(y[..<4]) == [0, 0, 0, 0] && y[4] > 0 && y[6] == 1 && y[7] == 1 && y[8].isFinite)
    #expect(y[12].isNaN)
  }

  @Test(arguments: InstructionSet.supported)
  func sumOfSquaresNeitherOverflowsNorHidesWhatIsNotFinite(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for count in [1, 16, 17, 40] {
      var x = [Float](repeating: 3e38, count: count)
      #expect(kernels.sumOfSquares(x.span) == Double(count) * Double(Float(3e38)) * Double(Float(3e38)))
      x[count - 1] = -.infinity
      #expect(kernels.sumOfSquares(x.span) == .infinity)
      x[0] = .nan
      #expect(kernels.sumOfSquares(x.span).isNaN)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func logSumExpPassesInfinitiesThrough(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    #expect(kernels.logSumExp([Float]().span) == -.infinity)
    for count in [1, 16, 17, 35] {
      var x = [Float](repeating: -.infinity, count: count)
      #expect(kernels.logSumExp(x.span) == -.infinity)
      x[count - 1] = 7
      #expect(kernels.logSumExp(x.span) == 7)
      x[count / 2] = .infinity
      #expect(kernels.logSumExp(x.span) == .infinity)
      x[count / 2] = .nan
      #expect(kernels.logSumExp(x.span).isNaN)
      x = [Float](repeating: -.infinity, count: count)
      x[0] = .nan
      #expect(kernels.logSumExp(x.span).isNaN)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func logSumExpSurvivesLargeLogits(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for level: Float in [-3e38, -1e4, 1e4, 3e38] {
      let x = [Float](repeating: level, count: 64)
      #expect(ulps(of: kernels.logSumExp(x.span), from: Double(level) + 4.158883083359671856) <= 1)
    }
  }

  /// Rows of queries, keys and values of 4 floats each; a later row's key and value are enormous.
  @Test(arguments: InstructionSet.supported)
  func attentionSeesNothingThatComesLater(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for (rows, prefix) in [(1, 0), (2, 0), (20, 0), (20, 3), (33, 40)] {
      let (first, last) = (prefix, prefix + rows - 1)
      var x = normalRow("x", count: (prefix + rows) * 12)
      func attended() -> [Float] {
        var scratch = [Float](
          repeating: .nan, count: kernels.attentionScratchElements(rows: rows, visible: prefix + rows, headSize: 4))
        var y = [Float](repeating: .nan, count: (prefix + rows) * 4)
        kernels.attentionForward(
          x.span, columns: 12, rows: first..<last + 1, prefix: 0..<prefix, isCausal: true, queries: 0..<4, keys: 4, values: 8,
          headSize: 4, scale: 0.5, biases: Span(), scratch: scratch.mutableSpan, into: y.mutableSpan, stride: 4)
        return y
      }
      let before = attended()
      for column in 4..<12 { x[last * 12 + column] = 1e30 }
      let after = attended()
      let earlier = first * 4..<last * 4
      #expect(after[earlier].map { $0.bitPattern } == before[earlier].map { $0.bitPattern }, "\(rows) rows behind \(prefix)")
      #expect(after[(last * 4)...].allSatisfy { $0.isFinite }, "\(rows) rows behind \(prefix)")
    }
  }

  @Test(arguments: InstructionSet.supported)
  func maskedTokensCostNothing(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    var logits = [Float](repeating: -.infinity, count: 37)
    for token in [0, 5, 30, 36] { logits[token] = 2 }
    let (logPartitions, rows, targets): ([Float], [Int32], [Int32]) = ([kernels.logSumExp(logits.span)], [0], [30])
    var found: [Float] = [.nan]
    kernels.entropies(logits.span, columns: 37, logPartitions: logPartitions.span, into: found.mutableSpan)
    #expect(ulps(of: found[0], from: 1.386294361119890619) <= 2)
    var seed = logits
    kernels.logProbabilityBackward(
      coefficients: [Float(2)].span, rows: rows.span, targets: targets.span, logPartitions: logPartitions.span, columns: 37,
      updating: seed.mutableSpan)
    for token in 0..<37 {
      let expected = token == 30 ? 1.5 : [0, 5, 36].contains(token) ? -0.5 : 0
      #expect(ulps(of: seed[token], from: expected, magnitude: 2) <= 2, "token \(token)")
    }
  }

  @Test(arguments: InstructionSet.supported)
  func rowsWithoutATargetBecomeZero(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let logits = normalRow("logits", count: 4 * 19, scale: 3)
    let (rows, targets): ([Int32], [Int32]) = ([0, 0, 2], [3, 18, 7])
    let coefficients = normalRow("coefficients", count: 3)
    var (found, logPartitions) = (logits, [Float](repeating: 0, count: 4))
    kernels.logPartitions(logits.span, columns: 19, into: logPartitions.mutableSpan)
    found[19] = .nan  // row 1 has no target: its logits are not read
    kernels.logProbabilityBackward(
      coefficients: coefficients.span, rows: rows.span, targets: targets.span,
      logPartitions: logPartitions.span, columns: 19, updating: found.mutableSpan)
    #expect(found[19..<38].allSatisfy { $0 == 0 } && found[57..<76].allSatisfy { $0 == 0 })
    #expect(found[0..<19].contains { $0 != 0 } && found[38..<57].contains { $0 != 0 })

    var (unread, elsewhere) = (logits, [Float](repeating: .nan, count: 4 * 19))
    (unread[19], logPartitions[3]) = (.nan, -.infinity)
    kernels.logProbabilityBackward(
      unread.span, coefficients: coefficients.span, rows: rows.span, targets: targets.span, logPartitions: logPartitions.span,
      columns: 19, into: elsewhere.mutableSpan)
    #expect(elsewhere.map { $0 + 0 } == found.map { $0 + 0 })
  }

  /// What a row is made of does not reach its neighbours, through memory that is used again neither.
  @Test(arguments: InstructionSet.supported)
  func rowsThatAreNoLogitsStayAmongThemselves(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for columns in [5, 16, 37, 1_100] {
      var logits = normalRow("logits", count: 6 * columns, scale: 3)
      let targets = [Int32](repeating: 2, count: 6)
      let coefficients: [Float] = [0, 1, 1, 0, -0.5, 0]
      func expected(_ row: Int) -> [Double] {
        let row = logits[row * columns..<(row + 1) * columns].doubles
        return Twin.logProbabilityBackward(row, coefficients: [-0.5], rows: [0], targets: [2], columns: columns)
      }
      for i in 0..<columns { (logits[i], logits[columns + i], logits[2 * columns + i]) = (.nan, -.infinity, .nan) }
      var scratch = [Float](repeating: .nan, count: kernels.targetScratchElements(columns: columns))
      var (found, gradients) = ([Float](repeating: .nan, count: 6), logits)
      kernels.targetLogProbabilities(
        logits.span, columns: columns, targets: targets.span, coefficients: coefficients.span, scratch: scratch.mutableSpan,
        into: found.mutableSpan, gradients: gradients.mutableSpan)
      func row(_ index: Int) -> ArraySlice<Float> { gradients[index * columns..<(index + 1) * columns] }
      #expect(found[1].isNaN && found[2].isNaN && row(1).allSatisfy { $0.isNaN } && row(2).allSatisfy { $0.isNaN })
      for unread in [0, 3, 5] { #expect(found[unread] == 0 && row(unread).allSatisfy { $0 == 0 }, "row \(unread)") }
      #expect(found[4].isFinite && largestUlps(of: Array(row(4)), from: expected(4), magnitude: 0.5) <= 8)
    }
  }

  /// A masked token has probability 0, whether the row begins with it or not.
  @Test(arguments: InstructionSet.supported)
  func maskedTokensCostNothingInOnePass(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let columns = 37
    var logits = [Float](repeating: -.infinity, count: 2 * columns)
    for token in [5, 30, 36, columns, columns + 5, columns + 30] { logits[token] = 2 }
    let (targets, coefficients): ([Int32], [Float]) = ([30, 30], [3, 3])
    var scratch = [Float](repeating: .nan, count: kernels.targetScratchElements(columns: columns))
    var (found, gradients) = ([Float](repeating: .nan, count: 2), logits)
    kernels.targetLogProbabilities(
      logits.span, columns: columns, targets: targets.span, coefficients: coefficients.span, scratch: scratch.mutableSpan,
      into: found.mutableSpan, gradients: gradients.mutableSpan)
    for row in 0..<2 {
      #expect(ulps(of: found[row], from: -1.098612288668109691) <= 2)
      for token in 0..<columns {
        let expected = token == 30 ? 2.0 : logits[row * columns + token] == 2 ? -1 : 0
        #expect(ulps(of: gradients[row * columns + token], from: expected, magnitude: 3) <= 2, "row \(row), token \(token)")
      }
    }
  }

  /// Scores far beyond what exponentials reach.
  @Test(arguments: InstructionSet.supported)
  func attentionSurvivesLargeScores(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (rows, size) = (20, 8)
    let x = normalRow("x", count: rows * 3 * size, scale: 1e4)
    let places = AttentionPlaces(
      columns: 3 * size, rows: 0..<rows, prefix: 0..<0, queries: 0..<size, keys: size, values: 2 * size, headSize: size, scale: 1,
      stride: size)
    var (y, dX) = ([Float](repeating: .nan, count: rows * size), [Float](repeating: 0, count: x.count))
    var scratch = [Float](
      repeating: .nan, count: kernels.attentionScratchElements(rows: rows, visible: rows, headSize: size))
    kernels.attentionForward(
      x.span, columns: 3 * size, rows: 0..<rows, prefix: 0..<0, isCausal: true, queries: 0..<size, keys: size, values: 2 * size,
      headSize: size, scale: 1, biases: Span(), scratch: scratch.mutableSpan, into: y.mutableSpan, stride: size)
    // Each row takes one value as it is.
    #expect(y.map(Double.init) == Twin.attentionForward(x.doubles, places, into: y.doubles))
    kernels.attentionBackward(
      y.span, stride: size, x: x.span, columns: 3 * size, rows: 0..<rows, prefix: 0..<0, isCausal: true, queries: 0..<size,
      keys: size, values: 2 * size, headSize: size, scale: 1, biases: Span(), scratch: scratch.mutableSpan,
      addingTo: dX.mutableSpan, addingTo: MutableSpan())
    #expect(dX.allSatisfy { $0.isFinite })
  }

  /// 4 + 3|z| ulp where z < 0, 4 elsewhere, z = √(8/π)·(x + 0.044715·x³); to where y is no normal number any more.
  @Test(arguments: InstructionSet.supported)
  func geluKeepsItsBoundEverywhere(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let x = uniformRow("x", count: 50_000, in: -9.9...8)
    var y = x
    kernels.geluForward(x.span, into: y.mutableSpan)
    let exact = Twin.geluForward(x.doubles)
    let worst = x.indices.map { i in
      let z = (8 / Double.pi).squareRoot() * (Double(x[i]) + 0.044715 * Double(x[i]) * Double(x[i]) * Double(x[i]))
      return ulps(of: y[i], from: exact[i]) / (4 + 3 * max(0, -z))
    }.max()!
    #expect(worst <= 1)
  }

  @Test(arguments: InstructionSet.supported)
  func divergenceIsZeroFromItselfAndNeverNegative(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for seed in 0..<50 as Range<UInt64> {
      let policy = normalRow("policy", seed: seed, count: 45, scale: 6)
      let reference = zip(policy, normalRow("noise", seed: seed, count: 45, scale: 1e-6)).map { $0 + $1 }
      #expect(divergence(kernels, policy, policy) == 0)
      #expect(divergence(kernels, policy, reference) >= 0)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func divergenceKnowsProbabilityZero(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let narrow: [Float] = [0, 0, -.infinity, -.infinity]
    let wide: [Float] = [0, 0, 0, -.infinity]
    #expect(ulps(of: divergence(kernels, narrow, wide), from: 0.405465108108164382) <= 2)
    #expect(divergence(kernels, wide, narrow) == .infinity)
  }

  @Test(arguments: InstructionSet.supported)
  func mixturesEndInTheirComponentsBitForBit(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    for count in [1, 16, 33] {
      var (policy, reference) = (normalRow("policy", count: count), normalRow("reference", count: count))
      (policy[0], reference[count - 1]) = (-.infinity, -.infinity)
      var mixture = [Float](repeating: .nan, count: count)
      let atPolicy = kernels.geometricMixture(
        policy: policy.span, policyLogPartition: 0, reference: reference.span, referenceLogPartition: 0, weight: 0,
        into: mixture.mutableSpan)
      #expect(atPolicy == 0 && mixture.map(\.bitPattern) == policy.map(\.bitPattern))
      let atReference = kernels.geometricMixture(
        policy: policy.span, policyLogPartition: 0, reference: reference.span, referenceLogPartition: 0, weight: 1,
        into: mixture.mutableSpan)
      #expect(atReference == 0 && mixture.map(\.bitPattern) == reference.map(\.bitPattern))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func mixturesOfDisjointPoliciesAreEmpty(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    var mixture: [Float] = [.nan, .nan]
    let logPartition = kernels.geometricMixture(
      policy: [Float(0), -.infinity].span, policyLogPartition: 0, reference: [-Float.infinity, 0].span, referenceLogPartition: 0,
      weight: 0.5, into: mixture.mutableSpan)
    #expect(logPartition == -.infinity && mixture == [-.infinity, -.infinity])
  }

  @Test(arguments: InstructionSet.supported)
  func rotationsUndoEachOther(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let (cosines, sines): ([Float], [Float]) = ([1, 0.6, 0.28, 0.8], [0, 0.8, 0.96, -0.6])
    let positions: [Int32] = [1, 0]
    let x: [Float] = [1, 2, 3, 4, 9, 5, 6, 7, 8, 9]  // columns 0…3 turn, column 4 stays
    var turned = x
    kernels.rotaryForward(
      positions: positions.span, cosines: cosines.span, sines: sines.span, heads: 1, headSize: 4, columns: 5,
      updating: turned.mutableSpan)
    // Row 0 by position 1: (1, 3) with (0.28, 0.96), (2, 4) with (0.8, −0.6). Row 1 by position 0: (5, 7) and (6, 8).
    let expected = [-2.6, 4, 1.8, 2, 9, 5, -2.8, 7, 9.6, 9]
    #expect(largestUlps(of: turned, from: expected, magnitude: 4) <= 1)
    kernels.rotaryBackward(
      positions: positions.span, cosines: cosines.span, sines: sines.span, heads: 1, headSize: 4, columns: 5,
      updating: turned.mutableSpan)
    #expect(largestUlps(of: turned, from: x.doubles, magnitude: 8) <= 2)
    #expect(turned[4] == 9 && turned[9] == 9)
  }

  @Test(arguments: InstructionSet.supported)
  func activationsSurviveExtremes(set: InstructionSet) throws {
    let kernels = try #require(InstructionSet.table(for: set))
    let x: [Float] = [-1e30, -200, 0, 200, 1e30]
    var y = x
    kernels.geluForward(x.span, into: y.mutableSpan)
    #expect(y == [0, 0, 0, 200, 1e30])
    kernels.geluBackward([Float](repeating: 1, count: 5).span, x: x.span, into: y.mutableSpan)
    #expect(Array(y[1...3]) == [0, 0.5, 1])
    let gateUp: [Float] = x + [1, 1, 1, 1, 1]
    kernels.siluGateForward(gateUp.span, columns: 5, into: y.mutableSpan)
    #expect(y == [0, 0, 0, 200, 1e30])
  }

  private func divergence(_ kernels: any KernelTable, _ policy: [Float], _ reference: [Float]) -> Float {
    let policyPartitions = [kernels.logSumExp(policy.span)]
    let referencePartitions = [kernels.logSumExp(reference.span)]
    var found: [Float] = [.nan]
    kernels.divergences(
      policy: policy.span, policyLogPartitions: policyPartitions.span, reference: reference.span,
      referenceLogPartitions: referencePartitions.span, columns: policy.count, into: found.mutableSpan)
    return found[0]
  }
}
