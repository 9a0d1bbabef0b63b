import PoiseTestSupport
import PoiseTwins
import Testing

/// The backward twins are the derivatives of the forward twins, by central differences in double precision. With
/// `everyTailLengthMatchesTheTwin` this holds for the kernels, too.
@Suite struct GradientTests {
  let rowCount = 3
  let columns = 5
  var weights: [Double] { normalRow("weights", count: rowCount * columns).doubles }
  var x: [Double] { normalRow("x", count: rowCount * columns).doubles }
  var gain: [Double] { normalRow("gain", count: columns).doubles }

  @Test func rmsNorm() {
    let inverses = Twin.rmsNormForward(x, gain: gain, epsilon: 0.1).inverseDeviations
    let found = Twin.rmsNormBackward(weights, x: x, gain: gain, inverseDeviations: inverses)
    expect(found.dX, areDerivativesAt: x) { Twin.rmsNormForward($0, gain: gain, epsilon: 0.1).y }
    expect(found.dGain, areDerivativesAt: gain) { Twin.rmsNormForward(x, gain: $0, epsilon: 0.1).y }
  }

  @Test func layerNorm() {
    let bias = normalRow("bias", count: columns).doubles
    let forward = Twin.layerNormForward(x, gain: gain, bias: bias, epsilon: 0.1)
    let found = Twin.layerNormBackward(
      weights, x: x, gain: gain, means: forward.means, inverseDeviations: forward.inverseDeviations)
    expect(found.dX, areDerivativesAt: x) { Twin.layerNormForward($0, gain: gain, bias: bias, epsilon: 0.1).y }
    expect(found.dGain, areDerivativesAt: gain) { Twin.layerNormForward(x, gain: $0, bias: bias, epsilon: 0.1).y }
    expect(found.dBias, areDerivativesAt: bias) { Twin.layerNormForward(x, gain: gain, bias: $0, epsilon: 0.1).y }
  }

  @Test func activations() {
    expect(Twin.geluBackward(weights, x: x), areDerivativesAt: x) { Twin.geluForward($0) }
    let gateUp = normalRow("gateUp", count: 2 * rowCount * columns).doubles
    expect(Twin.siluGateBackward(weights, gateUp: gateUp, columns: columns), areDerivativesAt: gateUp) {
      Twin.siluGateForward($0, columns: columns)
    }
    expect(Twin.geluGateBackward(weights, gateUp: gateUp, columns: columns), areDerivativesAt: gateUp) {
      Twin.geluGateForward($0, columns: columns)
    }
    expect(Twin.reluBackward(weights, x: x), areDerivativesAt: x) { Twin.reluForward($0) }
  }

  @Test func rotary() {
    let (cosines, sines) = (normalRow("cosines", count: 4).doubles, normalRow("sines", count: 4).doubles)
    func rotated(_ x: [Double], _ direction: Double) -> [Double] {
      Twin.rotary(
        x, positions: [1, 0, 1], cosines: cosines, sines: sines, heads: 1, headSize: 4, columns: columns, direction: direction)
    }
    expect(rotated(weights, -1), areDerivativesAt: x) { rotated($0, 1) }
  }

  @Test func tables() {
    let zeros = [Double](repeating: 0, count: 4 * columns)
    let tokens: [Int32] = [3, 1, 3]
    expect(Twin.embeddingBackward(weights, tokens: tokens, columns: columns, to: zeros), areDerivativesAt: zeros) {
      Twin.embeddingForward($0, tokens: tokens, columns: columns)
    }
    expect(Twin.biasBackward(weights, to: Array(zeros[..<columns])), areDerivativesAt: gain) { Twin.addBias($0, to: x) }
  }

  @Test func attention() {
    // Two heads of two columns that share keys and values, in rows 3…5 behind the prefix 1…2.
    let places = AttentionPlaces(
      columns: 8, rows: 3..<6, prefix: 1..<3, queries: 0..<4, keys: 4, values: 6, headSize: 2, scale: 0.7, stride: 4)
    let x = normalRow("x", count: 6 * 8).doubles
    let weights = normalRow("weights", count: 6 * 4).doubles
    let (zeros, noOutputs) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: weights.count))
    let found = Twin.attentionBackward(weights, x: x, places, to: zeros).dX
    let expected = centralDifference(
      of: { innerProduct(weights, Twin.attentionForward($0, places, into: noOutputs)) }, at: x)
    #expect(found[8..<16].contains { $0 != 0 } && found[..<8].allSatisfy { $0 == 0 })
    for (one, other) in zip(found, expected) { #expect(abs(one - other) < 1e-8 * max(1, abs(other))) }
  }

  @Test(arguments: [true, false]) func biasedAttention(isCausal: Bool) {
    let places = AttentionPlaces(
      columns: 8, rows: 3..<6, prefix: isCausal ? 1..<3 : 0..<0, isCausal: isCausal, queries: 0..<4, keys: 4, values: 6,
      headSize: 2,
      scale: 0.7, stride: 4)
    let x = normalRow("x", count: 6 * 8).doubles
    let (weights, biases) = (normalRow("weights", count: 6 * 4).doubles, normalRow("biases", count: 2 * 7).doubles)
    let (zeros, noOutputs) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: weights.count))
    let found = Twin.attentionBackward(
      weights, x: x, places, biases: biases, to: zeros, dBiases: [Double](repeating: 0, count: biases.count))
    expectEqual(
      found.dX,
      centralDifference(
        of: { innerProduct(weights, Twin.attentionForward($0, places, biases: biases, into: noOutputs)) }, at: x))
    expectEqual(
      found.dBiases,
      centralDifference(
        of: { innerProduct(weights, Twin.attentionForward(x, places, biases: $0, into: noOutputs)) }, at: biases))
  }

  @Test func crossAttention() {
    let places = AttentionPlaces(
      columns: 5, rows: 1..<4, prefix: 0..<0, queries: 0..<4, keys: 1, values: 3, memory: .init(columns: 6, rows: 2..<5),
      headSize: 2,
      scale: 0.7, stride: 4)
    let (x, memory) = (normalRow("x", count: 4 * 5).doubles, normalRow("memory", count: 5 * 6).doubles)
    let weights = normalRow("weights", count: 4 * 4).doubles
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    func loss(_ x: [Double], _ memory: [Double]) -> Double {
      innerProduct(weights, Twin.attentionForward(x, memory: memory, places, into: zeros(weights.count)))
    }
    let found = Twin.attentionBackward(
      weights, x: x, memory: memory, places, to: zeros(x.count), dMemory: zeros(memory.count))
    expectEqual(found.dX, centralDifference(of: { loss($0, memory) }, at: x))
    expectEqual(found.dMemory, centralDifference(of: { loss(x, $0) }, at: memory))
  }

  private func expectEqual(_ found: [Double], _ expected: [Double]) {
    #expect(found.count == expected.count && found.contains { $0 != 0 })
    for (one, other) in zip(found, expected) { #expect(abs(one - other) < 1e-8 * max(1, abs(other))) }
  }

  @Test func targetLogProbabilities() {
    let (rows, targets): ([Int32], [Int32]) = ([0, 0, 2], [1, 4, 0])
    let coefficients = Array(weights[..<3])
    let found = Twin.logProbabilityBackward(x, coefficients: coefficients, rows: rows, targets: targets, columns: columns)
    expect(found, areDerivativesAt: x) {
      Twin.targetLogProbabilities($0, columns: columns, rows: rows, targets: targets)
    }
  }

  /// Derivatives of Σ weights·f, where f may have fewer values than there are weights.
  private func expect(_ found: [Double], areDerivativesAt point: [Double], of function: ([Double]) -> [Double]) {
    expectEqual(found, centralDifference(of: { innerProduct(weights, function($0)) }, at: point))
  }
}
