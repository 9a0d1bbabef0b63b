/// Low-rank adapters (LoRA; Hu et al. 2022, arXiv 2106.09685). Beside a frozen weight W (out, in), a linear layer has A (r, in) and
/// B (out, r) that are trained, and computes x·Wᵀ + s·(x·Aᵀ)·Bᵀ.
public struct AdapterConfiguration: Sendable, Equatable {
  /// Linear layers by the last part of the name that their family's checkpoints give them: `q_proj`.
  public enum Targets: Sendable, Equatable {
    /// All but a head.
    case allLinear
    case named([String])
  }

  /// r, from 1.
  public var rank: Int
  /// s·r, or s·√r where ``dividesByRoot``.
  public var alpha: Double
  /// s = alpha/√r, which keeps the size of what adapters add apart from their rank (Kalajdzievski 2023, arXiv 2312.03732).
  public var dividesByRoot: Bool
  public var targets: Targets

  /// - Parameter alpha: twice the rank unless said otherwise, so that s is 2.
  public init(rank: Int, alpha: Double? = nil, dividesByRoot: Bool = false, targets: Targets = .allLinear) {
    self.rank = rank
    self.alpha = alpha ?? Double(2 * rank)
    self.dividesByRoot = dividesByRoot
    self.targets = targets
  }

  /// s
  var scale: Float { Float(alpha / (dividesByRoot ? Double(rank).squareRoot() : Double(rank))) }

  func isTarget(_ module: String) -> Bool {
    switch targets {
    case .allLinear: true
    case .named(let names): names.contains { module == $0 || module.hasSuffix(".\($0)") }
    }
  }

  /// What makes the configuration unusable, as a sentence; nil where nothing does.
  public var problem: String? {
    if !(1...4096).contains(rank) { return "the rank of the adapters is \(rank); it must lie between 1 and 4096." }
    if !(alpha > 0 && alpha <= 1e6) { return "the adapters' alpha is \(alpha); it must be above 0 and at most 1e6." }
    return nil
  }
}
