import PoiseKernels

/// The layers of a block, forward and backward side by side: `x ↦ y` with the parameters in `p` and activations in `a`, the
/// first `rows` rows of each tensor.
extension Transformer {
  func normForward(
    _ norm: ParameterLayout.Norm, _ p: Arena, x: Tensor, into y: ActivationLayout.Norm, rows: Int, _ a: Arena
  ) {
    if let bias = norm.bias {
      kernels.layerNormForward(
        a[x, rows: 0..<rows], gain: p[norm.gain], bias: p[bias], epsilon: configuration.epsilon,
        into: a[writing: y.output, rows: 0..<rows], means: a[writing: y.means, rows: 0..<rows],
        inverseDeviations: a[writing: y.inverseDeviations, rows: 0..<rows])
    } else {
      kernels.rmsNormForward(
        a[x, rows: 0..<rows], gain: p[norm.gain], epsilon: configuration.epsilon, into: a[writing: y.output, rows: 0..<rows],
        inverseDeviations: a[writing: y.inverseDeviations, rows: 0..<rows])
    }
  }

  func normBackward(
    _ norm: ParameterLayout.Norm, _ w: Weights, _ g: Arena, dY: Tensor, x: Tensor, y: ActivationLayout.Norm,
    adding: Bool, to dX: Tensor, rows: Int, _ a: Arena
  ) {
    let p = w.parameters
    // Gradients of what is frozen go where nobody looks.
    let (g, dNorm) = w.adapters.map { (a, $0.scratch.unread) } ?? (g, norm)
    if let dBias = dNorm.bias {
      kernels.layerNormBackward(
        a[dY, rows: 0..<rows], x: a[x, rows: 0..<rows], gain: p[norm.gain], means: a[y.means, rows: 0..<rows],
        inverseDeviations: a[y.inverseDeviations, rows: 0..<rows], adding: adding, to: a[writing: dX, rows: 0..<rows],
        addingTo: g[writing: dNorm.gain], addingTo: g[writing: dBias])
    } else {
      kernels.rmsNormBackward(
        a[dY, rows: 0..<rows], x: a[x, rows: 0..<rows], gain: p[norm.gain],
        inverseDeviations: a[y.inverseDeviations, rows: 0..<rows], adding: adding, to: a[writing: dX, rows: 0..<rows],
        addingTo: g[writing: dNorm.gain])
    }
  }

  func linearForward(
    _ linear: ParameterLayout.Linear, _ weights: some LinearWeights, x: Tensor, into y: Tensor, rows: Int, _ a: Arena
  ) {
    weights.multiply(x, rows: rows, by: linear.weight, adding: false, to: y, a)
    addBias(linear, weights.parameters, to: y, rows: rows, a)
  }

  /// The form of the products that end in the residual stream.
  func linearForward(
    _ linear: ParameterLayout.Linear, _ weights: some LinearWeights, x: Tensor, addingTo y: Tensor, rows: Int, _ a: Arena
  ) {
    weights.multiply(x, rows: rows, by: linear.weight, adding: true, to: y, a)
    addBias(linear, weights.parameters, to: y, rows: rows, a)
  }

  private func addBias(_ linear: ParameterLayout.Linear, _ p: Arena, to y: Tensor, rows: Int, _ a: Arena) {
    if let bias = linear.bias { kernels.addBias(p[bias], addingTo: a[writing: y, rows: 0..<rows]) }
  }

  func linearBackward(
    _ linear: ParameterLayout.Linear, _ w: Weights, _ g: Arena, dY: Tensor, x: Tensor, into dX: Tensor, rows: Int, _ a: Arena
  ) {
    multiply(a.matrix(dY, rows: 0..<rows), w.parameters.matrix(linear.weight), into: a.matrix(dX, rows: 0..<rows))
    weightBackward(linear, w, g, dY: dY, x: x, addingTo: dX, rows: rows, a)
  }

  /// The form of a product of rows that others have gradients for, too.
  func linearBackward(
    _ linear: ParameterLayout.Linear, _ w: Weights, _ g: Arena, dY: Tensor, x: Tensor, addingTo dX: Tensor, rows: Int, _ a: Arena
  ) {
    multiply(a.matrix(dY, rows: 0..<rows), w.parameters.matrix(linear.weight), addingTo: a.matrix(dX, rows: 0..<rows))
    weightBackward(linear, w, g, dY: dY, x: x, addingTo: dX, rows: rows, a)
  }

  /// Gradients of weight and bias, or those of the weight's adapters, which also have a share in that of x.
  private func weightBackward(
    _ linear: ParameterLayout.Linear, _ w: Weights, _ g: Arena, dY: Tensor, x: Tensor, addingTo dX: Tensor, rows: Int, _ a: Arena
  ) {
    if let adapters = w.adapters {
      return adapters.backward(linear.weight, dY: dY, x: x, addingTo: dX, rows: rows, addingTo: g, a)
    }
    let dRows = a.matrix(dY, rows: 0..<rows)
    multiply(dRows.transposed, a.matrix(x, rows: 0..<rows), addingTo: g.matrix(linear.weight))
    if let bias = linear.bias { kernels.biasBackward(a[dY, rows: 0..<rows], addingTo: g[writing: bias]) }
  }

  func activationForward(_ x: Tensor, into y: Tensor, rows: Int, _ a: Arena) {
    switch configuration.activation {
    case .gelu: kernels.geluForward(a[x, rows: 0..<rows], into: a[writing: y, rows: 0..<rows])
    case .siluGate:
      kernels.siluGateForward(a[x, rows: 0..<rows], columns: y.columns, into: a[writing: y, rows: 0..<rows])
    case .relu: kernels.reluForward(a[x, rows: 0..<rows], into: a[writing: y, rows: 0..<rows])
    case .geluGate:
      kernels.geluGateForward(a[x, rows: 0..<rows], columns: y.columns, into: a[writing: y, rows: 0..<rows])
    }
  }

  func activationBackward(dY: Tensor, x: Tensor, into dX: Tensor, rows: Int, _ a: Arena) {
    switch configuration.activation {
    case .gelu:
      kernels.geluBackward(a[dY, rows: 0..<rows], x: a[x, rows: 0..<rows], into: a[writing: dX, rows: 0..<rows])
    case .siluGate:
      kernels.siluGateBackward(
        a[dY, rows: 0..<rows], gateUp: a[x, rows: 0..<rows], columns: dY.columns, into: a[writing: dX, rows: 0..<rows])
    case .relu:
      kernels.reluBackward(a[dY, rows: 0..<rows], x: a[x, rows: 0..<rows], into: a[writing: dX, rows: 0..<rows])
    case .geluGate:
      kernels.geluGateBackward(
        a[dY, rows: 0..<rows], gateUp: a[x, rows: 0..<rows], columns: dY.columns, into: a[writing: dX, rows: 0..<rows])
    }
  }

  /// x ← embedding of the tokens, plus that of their positions where those are learned.
  func embedForward(tokens: Span<Int32>, positions: Span<Int32>, _ p: Arena, into x: Tensor, rows: Int, _ a: Arena) {
    let layer = LayerMark(.embedding)
    defer { layer.end() }
    kernels.embeddingForward(
      p[parameters.embedding], tokens: tokens, columns: configuration.width, into: a[writing: x, rows: 0..<rows])
    if let table = parameters.positions {
      kernels.embeddingForward(p[table], tokens: positions, columns: configuration.width, addingTo: a[writing: x, rows: 0..<rows])
    }
  }

  func embedBackward(
    tokens: Span<Int32>, positions: Span<Int32>, _ w: Weights, _ g: Arena, dX: Tensor, rows: Int, _ a: Arena
  ) {
    guard w.adapters == nil else { return }
    let layer = LayerMark(.embedding)
    defer { layer.end() }
    kernels.embeddingBackward(
      a[dX, rows: 0..<rows], tokens: tokens, columns: configuration.width, addingTo: g[writing: parameters.embedding])
    if let table = parameters.positions {
      kernels.embeddingBackward(
        a[dX, rows: 0..<rows], tokens: positions, columns: configuration.width, addingTo: g[writing: table])
    }
  }
}
