extension Twin {
  public static func sumOfSquares(_ x: [Double]) -> Double { innerProduct(x, x) }

  public static func rmsNormForward(
    _ x: [Double], gain: [Double], epsilon: Double
  ) -> (y: [Double], inverseDeviations: [Double]) {
    let inverses = rows(of: x, columns: gain.count).map { 1 / (innerProduct($0, $0) / Double(gain.count) + epsilon).squareRoot() }
    return (x.indices.map { gain[$0 % gain.count] * x[$0] * inverses[$0 / gain.count] }, inverses)
  }

  /// The gradients themselves, to be added.
  public static func rmsNormBackward(
    _ dY: [Double], x: [Double], gain: [Double], inverseDeviations: [Double]
  ) -> (dX: [Double], dGain: [Double]) {
    let columns = gain.count
    var (dX, dGain) = (x, [Double](repeating: 0, count: columns))
    for t in inverseDeviations.indices {
      let row = t * columns..<(t + 1) * columns
      let normalised = row.map { x[$0] * inverseDeviations[t] }
      let dNormalised = row.map { gain[$0 % columns] * dY[$0] }
      let along = innerProduct(dNormalised, normalised) / Double(columns)
      for c in 0..<columns {
        dX[row.lowerBound + c] = inverseDeviations[t] * (dNormalised[c] - normalised[c] * along)
        dGain[c] += dY[row.lowerBound + c] * normalised[c]
      }
    }
    return (dX, dGain)
  }

  public static func layerNormForward(
    _ x: [Double], gain: [Double], bias: [Double], epsilon: Double
  ) -> (y: [Double], means: [Double], inverseDeviations: [Double]) {
    let columns = gain.count
    let means = rows(of: x, columns: columns).map { $0.reduce(0, +) / Double(columns) }
    let centred = x.indices.map { x[$0] - means[$0 / columns] }
    let normalised = rmsNormForward(centred, gain: gain, epsilon: epsilon)
    return (addBias(bias, to: normalised.y), means, normalised.inverseDeviations)
  }

  /// The gradients themselves, to be added.
  public static func layerNormBackward(
    _ dY: [Double], x: [Double], gain: [Double], means: [Double], inverseDeviations: [Double]
  ) -> (dX: [Double], dGain: [Double], dBias: [Double]) {
    let columns = gain.count
    let centred = x.indices.map { x[$0] - means[$0 / columns] }
    let (dCentred, dGain) = rmsNormBackward(dY, x: centred, gain: gain, inverseDeviations: inverseDeviations)
    // The mean of a row takes its share of the gradient back.
    let levels = rows(of: dCentred, columns: columns).map { $0.reduce(0, +) / Double(columns) }
    let dX = dCentred.indices.map { dCentred[$0] - levels[$0 / columns] }
    return (dX, dGain, biasBackward(dY, to: [Double](repeating: 0, count: columns)))
  }
}
