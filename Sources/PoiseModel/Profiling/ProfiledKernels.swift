import PoiseKernels

/// The kernels of another table, each call timed and counted. A function more in the table is one method more here: its name,
/// floats read and written, and operations and exponentials, of which small factors are estimates.
package struct ProfiledKernels: KernelTable {
  let table: any KernelTable

  init(_ table: any KernelTable) { self.table = table }

  /// Puts itself in front of the process's ``kernels``, for good. Before they are first used.
  package static func install() {
    kernelDecoration = { ProfiledKernels($0) }
    precondition(kernels is ProfiledKernels, "the kernels have been used before")
  }

  // MARK: Elementwise

  package func exponential(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.exponential, floats: 2 * x.count, exponentials: x.count)
    defer { call.end() }
    table.exponential(x, into: y)
  }

  package func add(_ x: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.add, floats: 3 * x.count, operations: x.count)
    defer { call.end() }
    table.add(x, addingTo: y)
  }

  package func addScaled(_ x: Span<Float>, by scale: Float, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.addScaled, floats: 3 * x.count, operations: 2 * x.count)
    defer { call.end() }
    table.addScaled(x, by: scale, addingTo: y)
  }

  package func scale(by scale: Float, updating y: consuming MutableSpan<Float>) {
    let call = mark(.scale, floats: 2 * y.count, operations: y.count)
    defer { call.end() }
    table.scale(by: scale, updating: y)
  }

  package func addBias(_ bias: Span<Float>, addingTo y: consuming MutableSpan<Float>) {
    let call = mark(.addBias, floats: 2 * y.count + bias.count, operations: y.count)
    defer { call.end() }
    table.addBias(bias, addingTo: y)
  }

  package func biasBackward(_ dY: Span<Float>, addingTo dBias: consuming MutableSpan<Float>) {
    let call = mark(.biasBackward, floats: dY.count + 2 * dBias.count, operations: dY.count)
    defer { call.end() }
    table.biasBackward(dY, addingTo: dBias)
  }

  // MARK: Norms

  package func sumOfSquares(_ x: Span<Float>) -> Double {
    let call = mark(.sumOfSquares, floats: x.count, operations: 2 * x.count)
    defer { call.end() }
    return table.sumOfSquares(x)
  }

  package func rmsNormForward(
    _ x: Span<Float>, gain: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    inverseDeviations: consuming MutableSpan<Float>
  ) {
    let call = mark(.rmsNormForward, floats: 2 * x.count + gain.count, operations: 4 * x.count)
    defer { call.end() }
    table.rmsNormForward(x, gain: gain, epsilon: epsilon, into: y, inverseDeviations: inverseDeviations)
  }

  package func rmsNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>
  ) {
    let call = mark(.rmsNormBackward, floats: (adding ? 4 : 3) * x.count + 3 * gain.count, operations: 9 * x.count)
    defer { call.end() }
    table.rmsNormBackward(dY, x: x, gain: gain, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain)
  }

  package func layerNormForward(
    _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, into y: consuming MutableSpan<Float>,
    means: consuming MutableSpan<Float>, inverseDeviations: consuming MutableSpan<Float>
  ) {
    let call = mark(.layerNormForward, floats: 2 * x.count + 2 * gain.count, operations: 7 * x.count)
    defer { call.end() }
    table.layerNormForward(
      x, gain: gain, bias: bias, epsilon: epsilon, into: y, means: means, inverseDeviations: inverseDeviations)
  }

  package func layerNormBackward(
    _ dY: Span<Float>, x: Span<Float>, gain: Span<Float>, means: Span<Float>, inverseDeviations: Span<Float>,
    adding: Bool, to dX: consuming MutableSpan<Float>, addingTo dGain: consuming MutableSpan<Float>,
    addingTo dBias: consuming MutableSpan<Float>
  ) {
    let call = mark(.layerNormBackward, floats: (adding ? 4 : 3) * x.count + 5 * gain.count, operations: 12 * x.count)
    defer { call.end() }
    table.layerNormBackward(
      dY, x: x, gain: gain, means: means, inverseDeviations: inverseDeviations, adding: adding, to: dX, addingTo: dGain,
      addingTo: dBias)
  }

  // MARK: Activations

  package func geluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.geluForward, floats: 2 * x.count, operations: 8 * x.count, exponentials: x.count)
    defer { call.end() }
    table.geluForward(x, into: y)
  }

  package func geluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    let call = mark(.geluBackward, floats: 3 * x.count, operations: 15 * x.count, exponentials: x.count)
    defer { call.end() }
    table.geluBackward(dY, x: x, into: dX)
  }

  package func siluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.siluGateForward, floats: 3 * y.count, operations: 4 * y.count, exponentials: y.count)
    defer { call.end() }
    table.siluGateForward(gateUp, columns: columns, into: y)
  }

  package func siluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    let call = mark(.siluGateBackward, floats: 5 * dY.count, operations: 9 * dY.count, exponentials: dY.count)
    defer { call.end() }
    table.siluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
  }

  package func geluGateForward(_ gateUp: Span<Float>, columns: Int, into y: consuming MutableSpan<Float>) {
    let call = mark(.geluGateForward, floats: 3 * y.count, operations: 9 * y.count, exponentials: y.count)
    defer { call.end() }
    table.geluGateForward(gateUp, columns: columns, into: y)
  }

  package func geluGateBackward(
    _ dY: Span<Float>, gateUp: Span<Float>, columns: Int, into dGateUp: consuming MutableSpan<Float>
  ) {
    let call = mark(.geluGateBackward, floats: 5 * dY.count, operations: 18 * dY.count, exponentials: dY.count)
    defer { call.end() }
    table.geluGateBackward(dY, gateUp: gateUp, columns: columns, into: dGateUp)
  }

  package func reluForward(_ x: Span<Float>, into y: consuming MutableSpan<Float>) {
    let call = mark(.reluForward, floats: 2 * x.count)
    defer { call.end() }
    table.reluForward(x, into: y)
  }

  package func reluBackward(_ dY: Span<Float>, x: Span<Float>, into dX: consuming MutableSpan<Float>) {
    let call = mark(.reluBackward, floats: 3 * x.count)
    defer { call.end() }
    table.reluBackward(dY, x: x, into: dX)
  }

  // MARK: Positions

  package func rotaryForward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating x: consuming MutableSpan<Float>
  ) {
    let rotated = positions.count * heads * headSize
    let call = mark(.rotaryForward, floats: 2 * rotated + positions.count * (1 + headSize), operations: 3 * rotated)
    defer { call.end() }
    table.rotaryForward(
      positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: x)
  }

  package func rotaryBackward(
    positions: Span<Int32>, cosines: Span<Float>, sines: Span<Float>, heads: Int, headSize: Int, columns: Int,
    updating dX: consuming MutableSpan<Float>
  ) {
    let rotated = positions.count * heads * headSize
    let call = mark(.rotaryBackward, floats: 2 * rotated + positions.count * (1 + headSize), operations: 3 * rotated)
    defer { call.end() }
    table.rotaryBackward(
      positions: positions, cosines: cosines, sines: sines, heads: heads, headSize: headSize, columns: columns, updating: dX)
  }

  // MARK: Embedding

  package func embeddingForward(
    _ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, into x: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingForward, floats: tokens.count * (1 + 2 * columns))
    defer { call.end() }
    table.embeddingForward(embedding, tokens: tokens, columns: columns, into: x)
  }

  package func embeddingForward(
    _ embedding: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo x: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingForward, floats: tokens.count * (1 + 3 * columns), operations: tokens.count * columns)
    defer { call.end() }
    table.embeddingForward(embedding, tokens: tokens, columns: columns, addingTo: x)
  }

  package func embeddingBackward(
    _ dX: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo dEmbedding: consuming MutableSpan<Float>
  ) {
    let call = mark(.embeddingBackward, floats: tokens.count * (1 + 3 * columns), operations: tokens.count * columns)
    defer { call.end() }
    table.embeddingBackward(dX, tokens: tokens, columns: columns, addingTo: dEmbedding)
  }

  // MARK: Optimisers

  package func adamW(
    gradients: Span<Float>, gradientScale: Float, rate: Float, weightDecay: Float, beta1: Float, beta2: Float,
    epsilon: Float, firstCorrection: Float, secondCorrection: Float, updating parameters: consuming MutableSpan<Float>,
    updating firstMoments: consuming MutableSpan<Float>, updating secondMoments: consuming MutableSpan<Float>
  ) {
    let call = mark(.adamW, floats: 7 * gradients.count, operations: 16 * gradients.count)
    defer { call.end() }
    table.adamW(
      gradients: gradients, gradientScale: gradientScale, rate: rate, weightDecay: weightDecay, beta1: beta1, beta2: beta2,
      epsilon: epsilon, firstCorrection: firstCorrection, secondCorrection: secondCorrection, updating: parameters,
      updating: firstMoments, updating: secondMoments)
  }

  package func adafactorMoments(
    gradients: Span<Float>, gradientScale: Float, decay: Float, epsilon: Float,
    updating rowMoments: consuming MutableSpan<Float>, updating columnMoments: consuming MutableSpan<Float>
  ) {
    let call = mark(.adafactorMoments, floats: gradients.count, operations: 5 * gradients.count)
    defer { call.end() }
    table.adafactorMoments(
      gradients: gradients, gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: rowMoments,
      updating: columnMoments)
  }

  package func adafactorDirection(
    rowMoments: Span<Float>, columnMoments: Span<Float>, gradientScale: Float, updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    let call = mark(.adafactorDirection, floats: 2 * gradients.count, operations: 6 * gradients.count)
    defer { call.end() }
    return table.adafactorDirection(
      rowMoments: rowMoments, columnMoments: columnMoments, gradientScale: gradientScale, updating: gradients)
  }

  package func adafactorDirection(
    gradientScale: Float, decay: Float, epsilon: Float, updating moments: consuming MutableSpan<Float>,
    updating gradients: consuming MutableSpan<Float>
  ) -> Double {
    let call = mark(.adafactorDirection, floats: 4 * gradients.count, operations: 10 * gradients.count)
    defer { call.end() }
    return table.adafactorDirection(
      gradientScale: gradientScale, decay: decay, epsilon: epsilon, updating: moments, updating: gradients)
  }

  // MARK: Limits

  // Nothing but measurements calls these: they are not counted.

  package func sum(_ x: Span<Float>) -> Float { table.sum(x) }
  package func copy(_ x: Span<Float>, into y: consuming MutableSpan<Float>) { table.copy(x, into: y) }
  package func multiplyAdd(_ x: Float, rounds: Int, updating accumulators: consuming MutableSpan<Float>) {
    table.multiplyAdd(x, rounds: rounds, updating: accumulators)
  }

  func mark(_ kernel: KernelName, floats: Int, operations: Int = 0, exponentials: Int = 0) -> ActivityMark {
    ActivityMark(Activity(kernel), CountedWork(floats: floats, operations: operations, exponentials: exponentials))
  }
}
