/// Distances from query to key in buckets (Raffel et al. 2020; the formula is that of Mesh TensorFlow and of Hugging Face
/// transformers, rounding included): short ones have a bucket each, longer ones share, by the logarithm, those that are left.
struct RelativePositions: Sendable {
  private let buckets: Int
  private let maximumDistance: Int
  /// Keys on both sides of the query have half of the buckets each.
  private let isCausal: Bool

  /// Nil where positions are not relative.
  init?(_ c: TransformerConfiguration, isCausal: Bool) {
    guard case .relative(let buckets, let maximumDistance) = c.positions else { return nil }
    self.buckets = isCausal ? buckets : buckets / 2
    self.maximumDistance = maximumDistance
    self.isCausal = isCausal
  }

  /// - Parameter distance: the key's position less the query's.
  func bucket(of distance: Int) -> Int {
    let first = !isCausal && distance > 0 ? buckets : 0
    let length = isCausal ? max(-distance, 0) : abs(distance)
    let exact = buckets / 2
    guard length >= exact else { return first + length }
    let share =
      Float(logarithm(Double(Float(length) / Float(exact)))) / Float(logarithm(Double(maximumDistance) / Double(exact)))
    return first + min(exact + Int(share * Float(buckets - exact)), buckets - 1)
  }

  /// Distances for which there are biases when keys stand at `reach` positions.
  static func distanceCount(reach: Int, isCausal: Bool) -> Int { isCausal ? reach : max(2 * reach - 1, 0) }

  /// The bucket of place `index` in a row of biases by distance.
  fileprivate func bucket(at index: Int, of count: Int) -> Int { bucket(of: index + 1 - (isCausal ? count : (count + 1) / 2)) }
}

extension Transformer {
  /// Biases by head and distance ← those of the distances' buckets. weights (buckets, H); biases (H, distances).
  func relativeBiasesForward(_ weights: Tensor?, _ p: Arena, isCausal: Bool, into biases: Tensor, _ a: Arena) {
    guard let weights, let positions = RelativePositions(configuration, isCausal: isCausal) else { return }
    let (values, heads, count) = (p[weights], configuration.headCount, biases.columns)
    var biases = a[writing: biases]
    for index in 0..<count {
      let bucket = positions.bucket(at: index, of: count)
      for head in 0..<heads { biases[head * count + index] = values[bucket * heads + head] }
    }
  }

  func relativeBiasesBackward(_ weights: Tensor?, _ w: Weights, _ g: Arena, dBiases: Tensor, isCausal: Bool, _ a: Arena) {
    guard w.adapters == nil, let weights, let positions = RelativePositions(configuration, isCausal: isCausal) else { return }
    let (dBiases, heads, count) = (a[dBiases], configuration.headCount, dBiases.columns)
    var gradients = g[writing: weights]
    for index in 0..<count {
      let bucket = positions.bucket(at: index, of: count)
      for head in 0..<heads { gradients[bucket * heads + head] += dBiases[head * count + index] }
    }
  }
}
