extension Twin {
  public static func adamW(
    gradients: [Double], gradientScale: Double, rate: Double, weightDecay: Double, beta1: Double, beta2: Double,
    epsilon: Double, firstCorrection: Double, secondCorrection: Double, parameters: [Double], firstMoments: [Double],
    secondMoments: [Double]
  ) -> (parameters: [Double], firstMoments: [Double], secondMoments: [Double]) {
    let gradients = scale(gradients, by: gradientScale)
    let first = zip(firstMoments, gradients).map { beta1 * $0 + (1 - beta1) * $1 }
    let second = zip(secondMoments, gradients).map { beta2 * $0 + (1 - beta2) * $1 * $1 }
    let updated = parameters.indices.map { i in
      let step = first[i] * firstCorrection / ((second[i] * secondCorrection).squareRoot() + epsilon)
      return parameters[i] - rate * weightDecay * parameters[i] - rate * step
    }
    return (updated, first, second)
  }

  public static func adafactorMoments(
    gradients: [Double], gradientScale: Double, decay: Double, epsilon: Double, rowMoments: [Double],
    columnMoments: [Double]
  ) -> (rowMoments: [Double], columnMoments: [Double]) {
    let columns = columnMoments.count
    var (rowMoments, columnMoments) = (scale(rowMoments, by: decay), scale(columnMoments, by: decay))
    for i in gradients.indices {
      let square = gradientScale * gradientScale * gradients[i] * gradients[i] + epsilon
      rowMoments[i / columns] += (1 - decay) * square / Double(columns)
      columnMoments[i % columns] += (1 - decay) * square / Double(rowMoments.count)
    }
    return (rowMoments, columnMoments)
  }
  public static func adafactorDirection(
    gradients: [Double], gradientScale: Double, rowMoments: [Double], columnMoments: [Double]
  ) -> [Double] {
    let mean = rowMoments.reduce(0, +) / Double(rowMoments.count)
    return gradients.indices.map { i in
      let moment = rowMoments[i / columnMoments.count] * columnMoments[i % columnMoments.count] / mean
      return gradientScale * gradients[i] / moment.squareRoot()
    }
  }
  public static func adafactorDirection(
    gradients: [Double], gradientScale: Double, decay: Double, epsilon: Double, moments: [Double]
  ) -> (gradients: [Double], moments: [Double]) {
    let gradients = scale(gradients, by: gradientScale)
    let moments = zip(moments, gradients).map { decay * $0 + (1 - decay) * ($1 * $1 + epsilon) }
    return (zip(gradients, moments).map { $0 / $1.squareRoot() }, moments)
  }
}
