/// How a rotary model was fitted to more positions than it was first trained on. Pair i of a head of D floats turns by
/// θᵢ = base^(−2i/D) radians a position; scaled, by s·θᵢ + (1 − s)·θᵢ/factor, where s is the share of a frequency that is kept.
public enum RotaryScaling: Sendable, Equatable {
  /// s = 1.
  case none
  /// s = 0: positions are interpolated (Chen et al. 2023, arXiv 2306.15595).
  case linear(factor: Double)
  /// As Llama 3.1: a frequency that makes t turns within the original context keeps s = (t − low)/(high − low), cut to [0, 1].
  case llama3(factor: Double, low: Double, high: Double, originalContextLength: Int)
  case yarn(YaRN)

  /// YaRN (Peng et al. 2023, arXiv 2309.00071): s falls linearly over the pairs, from 1 at the one that makes `fastTurns` turns
  /// within the original context to 0 at the one that makes `slowTurns`.
  public struct YaRN: Sendable, Equatable {
    public var factor: Double
    /// β_fast and β_slow.
    public var fastTurns: Double
    public var slowTurns: Double
    public var originalContextLength: Int
    /// Multiplies rotated queries and keys; its square is an inverse temperature of attention.
    public var amplitude: Double
    /// Whether the fall begins and ends at whole pairs.
    public var isTruncated: Bool

    public init(
      factor: Double, fastTurns: Double = 32, slowTurns: Double = 1, originalContextLength: Int, amplitude: Double? = nil,
      isTruncated: Bool = true
    ) {
      self.factor = factor
      self.fastTurns = fastTurns
      self.slowTurns = slowTurns
      self.originalContextLength = originalContextLength
      self.amplitude = amplitude ?? Self.amplitude(factor: factor)
      self.isTruncated = isTruncated
    }

    /// What the paper found best for a factor, 1 + 0.1·ln factor; DeepSeek's files multiply the logarithm by `scale`.
    static func amplitude(factor: Double, scale: Double = 1) -> Double {
      factor <= 1 ? 1 : 1 + 0.1 * scale * logarithm(factor)
    }
  }

  /// What rotated queries and keys are multiplied by.
  var amplitude: Double { if case .yarn(let yarn) = self { yarn.amplitude } else { 1 } }

  /// Radians a position, by pair (D/2).
  func frequencies(base: Double, headSize: Int) -> [Double] {
    let plain = (0..<headSize / 2).map { power(base, -2 * Double($0) / Double(headSize)) }
    func scaled(_ factor: Double, keeping share: (_ pair: Int) -> Double) -> [Double] {
      plain.indices.map { plain[$0] * (share($0) + (1 - share($0)) / factor) }
    }
    switch self {
    case .none: return plain
    case .linear(let factor): return scaled(factor) { _ in 0 }
    case .llama3(let factor, let low, let high, let originalContextLength):
      return scaled(factor) { pair in
        let turns = Double(originalContextLength) * plain[pair] / (2 * .pi)
        return min(max((turns - low) / (high - low), 0), 1)
      }
    case .yarn(let yarn):
      let fall = yarn.fall(base: base, headSize: headSize)
      return scaled(yarn.factor) { pair in 1 - min(max((Double(pair) - fall.start) / (fall.end - fall.start), 0), 1) }
    }
  }
}

extension RotaryScaling.YaRN {
  /// The pairs between which s falls. The outer bounds and the width of a fall at one pair are those of the published code and
  /// of Hugging Face transformers.
  fileprivate func fall(base: Double, headSize: Int) -> (start: Double, end: Double) {
    func pair(turns: Double) -> Double {
      Double(headSize) * logarithm(Double(originalContextLength) / (turns * 2 * .pi)) / (2 * logarithm(base))
    }
    let (first, last) = (pair(turns: fastTurns), pair(turns: slowTurns))
    let start = max(isTruncated ? first.rounded(.down) : first, 0)
    let end = min(isTruncated ? last.rounded(.up) : last, Double(headSize - 1))
    return (start, start == end ? end + 0.001 : end)
  }
}
