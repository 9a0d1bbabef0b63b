/// Weights as a layer multiplies by them: as they lie, or laid out for decoding.
protocol LinearWeights {
  /// Everything that is not multiplied by: gains, biases, embeddings.
  var parameters: Arena { get }

  /// y ← x·Wᵀ, or y ← y + x·Wᵀ: the first `rows` rows of x and y, tensors of `a`.
  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena)
}

/// The weights of one model as they lie: an arena of all its parameters, or one of frozen parameters with adapters beside it.
struct Weights: LinearWeights {
  let parameters: Arena
  var adapters: Adapters?

  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena) {
    if adding {
      PoiseModel.multiply(
        a.matrix(x, rows: 0..<rows), parameters.matrix(weight).transposed, addingTo: a.matrix(y, rows: 0..<rows))
    } else {
      PoiseModel.multiply(a.matrix(x, rows: 0..<rows), parameters.matrix(weight).transposed, into: a.matrix(y, rows: 0..<rows))
    }
    adapters?.forward(weight, x: x, rows: rows, addingTo: y, a)
  }
}
