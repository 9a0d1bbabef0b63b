/// Weights as a layer multiplies by them: plain, through the linear algebra library, or laid out for decoding.
protocol LinearWeights {
  /// Everything that is not multiplied by: gains, biases, embeddings.
  var parameters: Arena { get }

  /// y ← x·Wᵀ, or y ← y + x·Wᵀ: the first `rows` rows of x and y, tensors of `a`.
  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena)
}

extension Arena: LinearWeights {
  var parameters: Arena { self }

  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena) {
    if adding {
      PoiseModel.multiply(a.matrix(x, rows: 0..<rows), matrix(weight).transposed, addingTo: a.matrix(y, rows: 0..<rows))
    } else {
      PoiseModel.multiply(a.matrix(x, rows: 0..<rows), matrix(weight).transposed, into: a.matrix(y, rows: 0..<rows))
    }
  }
}
