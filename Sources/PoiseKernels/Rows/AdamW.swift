// AdamW (Loshchilov & Hutter 2019). Goals: the formula in the order written, each operation rounded once; as fast as
// memory: seven floats cross it for each parameter. ≤ 2 ulp of the larger of parameter and step, and of moments.

extension Kernels {
  /// One step; `firstCorrection` and `secondCorrection` are 1/(1−β₁^t) and 1/(1−β₂^t).
  public func adamW(
    gradients: Span<Float>, gradientScale: Float, rate: Float, weightDecay: Float, beta1: Float, beta2: Float,
    epsilon: Float, firstCorrection: Float, secondCorrection: Float, updating parameters: consuming MutableSpan<Float>,
    updating firstMoments: consuming MutableSpan<Float>, updating secondMoments: consuming MutableSpan<Float>
  ) {
    precondition(parameters.count == gradients.count)
    precondition(firstMoments.count == gradients.count && secondMoments.count == gradients.count)
    let decay = rate * weightDecay
    let firstRate = rate * firstCorrection
    for i in gradients.indices {
      let gradient = gradientScale * gradients[i]
      let firstMoment = beta1 * firstMoments[i] + (1 - beta1) * gradient
      let secondMoment = beta2 * secondMoments[i] + (1 - beta2) * (gradient * gradient)
      firstMoments[i] = firstMoment
      secondMoments[i] = secondMoment
      let step = firstRate * firstMoment / ((secondMoment * secondCorrection).squareRoot() + epsilon)
      parameters[i] = parameters[i] - decay * parameters[i] - step
    }
  }
}
