import PoiseKernels

/// Adapters at work: their plan, their values, and room for what they compute on the way.
struct Adapters {
  let layout: AdapterLayout
  let values: Arena
  let scratch: ActivationLayout.Adapters

  /// y ← y + s·(x·Aᵀ)·Bᵀ, where the weight has adapters.
  func forward(_ weight: Tensor, x: Tensor, rows: Int, addingTo y: Tensor, _ a: Arena) {
    guard let linear = layout.linear(weight) else { return }
    let lowered = lower(x, by: linear, rows: rows, a)
    for (index, part) in linear.parts.enumerated() {
      multiply(
        a.matrix(lowered, rows: 0..<rows, columns: layout.columns(ofPart: index)), values.matrix(part.raising).transposed,
        addingTo: a.matrix(y, rows: 0..<rows, columns: part.outputs))
    }
  }

  /// dB ← dB + s·dYᵀ·(x·Aᵀ), dA ← dA + s·(dY·B)ᵀ·x, dX ← dX + s·(dY·B)·A. What A makes of x is computed again rather than kept.
  ///
  /// - Parameter gradients: of the adapters.
  func backward(
    _ weight: Tensor, dY: Tensor, x: Tensor, addingTo dX: Tensor, rows: Int, addingTo gradients: Arena, _ a: Arena
  ) {
    guard let linear = layout.linear(weight) else { return }
    let (rows, lowered) = (0..<rows, lower(x, by: linear, rows: rows, a))
    let dLowered = scratch.dLowered[linear.parts.count - 1]
    for (index, part) in linear.parts.enumerated() {
      let (columns, dPart) = (layout.columns(ofPart: index), a.matrix(dY, rows: rows, columns: part.outputs))
      multiply(dPart.transposed, a.matrix(lowered, rows: rows, columns: columns), addingTo: gradients.matrix(part.raising))
      multiply(dPart, values.matrix(part.raising), into: a.matrix(dLowered, rows: rows, columns: columns))
    }
    kernels.scale(by: layout.configuration.scale, updating: a[writing: dLowered, rows: rows])
    multiply(
      a.matrix(dLowered, rows: rows).transposed, a.matrix(x, rows: rows), addingTo: gradients.matrix(linear.lowering))
    multiply(a.matrix(dLowered, rows: rows), values.matrix(linear.lowering), addingTo: a.matrix(dX, rows: rows))
  }

  /// s·x·Aᵀ (T, parts · r).
  private func lower(_ x: Tensor, by linear: AdapterLayout.Linear, rows: Int, _ a: Arena) -> Tensor {
    let lowered = scratch.lowered[linear.parts.count - 1]
    multiply(
      a.matrix(x, rows: 0..<rows), values.matrix(linear.lowering).transposed, into: a.matrix(lowered, rows: 0..<rows))
    kernels.scale(by: layout.configuration.scale, updating: a[writing: lowered, rows: 0..<rows])
    return lowered
  }
}
