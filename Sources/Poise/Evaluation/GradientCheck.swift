import PoiseModel
import PoiseObjectives
import PoiseRandom

/// Analytic gradients of the single-precision engine against finite differences of the double-precision specification, for every
/// named tensor, on a loss that training uses, on packed groups with shared prompts: online IPO of a policy, Bradley & Terry's of
/// a model with a scalar head.
public struct GradientCheck: Sendable {
  public struct Row: Sendable, Equatable {
    public var tensor: String
    public var shape: [Int]
    /// Root mean square of the directional derivatives: by the engine, and by finite differences.
    public var analytic: Double
    public var numeric: Double
    /// Root mean square of their differences over that of the finite differences, or over a thousandth of the largest tensor's
    /// where that is more: what has no gradient, as the keys' bias without rotary positions, has only rounding to compare.
    public var relativeError: Double
  }

  public let transformer: Transformer
  public let policy: Arena
  public let reference: Arena
  public let groups: [TokenGroup]
  /// p(first ≻ second) of each group.
  public let preferences: [Double]
  /// Random directions tried per tensor.
  public var directions = 3

  /// A check of a small random model, moved away from its reference, on random groups.
  public init(_ configuration: TransformerConfiguration, seed: UInt64) {
    var widened = configuration
    widened.initializationDeviation = 0.3  // gradients that are all of one order of magnitude
    let transformer = Transformer(widened)
    let policy = transformer.initialParameters(seed: seed)  // a scalar head is 0 then, and moved below
    var generator = CounterGenerator(seed, 0x6368_6563_6B)  // "check"
    var values = policy[writingElements: 0..<policy.count]
    for index in values.indices { values[index] += Float(0.1 * generator.normal()) }
    self.transformer = transformer
    self.policy = policy
    reference = transformer.initialParameters(seed: seed)
    let vocabularySize = configuration.vocabularySize
    groups = [
      Self.group(prompt: 5, responses: [3, 4], vocabularySize, &generator),
      Self.group(prompt: 3, responses: [1, 5], vocabularySize, &generator),
    ]
    preferences = [generator.uniform(), generator.uniform()]
  }

  /// Random tokens in the given numbers.
  private static func group(
    prompt: Int, responses: [Int], _ vocabularySize: Int, _ generator: inout CounterGenerator
  ) -> TokenGroup {
    func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(generator.below(vocabularySize)) } }
    return TokenGroup(prompt: tokens(prompt), responses: responses.map { tokens($0) })
  }

  private var objective: IdentityPreferenceOptimization { IdentityPreferenceOptimization(tau: 0.5) }

  public func run(pool: WorkerPool) -> [Row] { compare(analyticGradients(pool), pool: pool) }

  /// The rows of given gradients.
  func compare(_ gradients: Arena, pool: WorkerPool) -> [Row] {
    let specification = TransformerSpecification(transformer, parameters: policy)
    let references = referenceLogProbabilities()
    let tensors = transformer.parameters.layout.tensors
    let measured = pool.map(tensors.count) { _, index in slopes(tensors[index], index, specification, gradients, references) }
    let least = 1e-3 * (measured.map(\.numeric).max() ?? 0)
    return zip(tensors, measured).map { tensor, slopes in
      Row(
        tensor: tensor.name, shape: tensor.shape, analytic: slopes.analytic, numeric: slopes.numeric,
        relativeError: slopes.difference / max(slopes.numeric, least))
    }
  }

  func analyticGradients(_ pool: WorkerPool) -> Arena {
    let pass = ShardedPass(
      transformer, pool: pool, shardCount: groups.count, backward: true, reference: head == .vocabulary)
    pass.differentiate(groups, policy: policy, reference: head == .vocabulary ? reference : nil) { responses in
      let (first, second, preference) = (responses[0], responses[1], preferences[responses[0].group])
      (responses[0].coefficient, responses[1].coefficient) =
        switch head {
        case .vocabulary:
          objective.evaluate(Pair(first: first.statistics(), second: second.statistics(), preference: preference)).coefficients
        case .scalar: judgeLoss.evaluate(first.score, second.score, preference: preference).coefficients
        }
    }
    return pass.gradients
  }

  private var head: TransformerConfiguration.Head { transformer.configuration.head }
  private var judgeLoss: BradleyTerryLoss { BradleyTerryLoss(centring: 0.1) }

  /// Root mean squares over the directions: of the gradient's slope, of the measured one and of what lies between them.
  private func slopes(
    _ tensor: Tensor, _ index: Int, _ specification: TransformerSpecification, _ gradients: Arena, _ references: [[Double]]
  ) -> (analytic: Double, numeric: Double, difference: Double) {
    var (analytic, numeric, difference) = (0.0, 0.0, 0.0)
    let gradient = gradients[tensor]
    for direction in 0..<directions {
      var generator = CounterGenerator(UInt64(index), UInt64(direction))
      let signs = (0..<tensor.count).map { _ in generator.uniform() < 0.5 ? -1.0 : 1.0 }
      let slope = gradient.indices.reduce(0) { $0 + Double(gradient[$1]) * signs[$1] }
      let measured = finiteDifference(tensor, signs, specification, references)
      analytic += slope * slope
      numeric += measured * measured
      difference += (slope - measured) * (slope - measured)
    }
    func rootMean(_ sum: Double) -> Double { (sum / Double(directions)).squareRoot() }
    return (rootMean(analytic), rootMean(numeric), rootMean(difference))
  }

  /// Central difference along a direction, of the double-precision loss.
  private func finiteDifference(
    _ tensor: Tensor, _ signs: [Double], _ specification: TransformerSpecification, _ references: [[Double]]
  ) -> Double {
    let step = 1e-5
    func moved(_ distance: Double) -> Double {
      var moved = specification
      for (index, sign) in signs.enumerated() { moved.parameters[tensor.offset + index] += distance * sign }
      return loss(moved, references)
    }
    return (moved(step) - moved(-step)) / (2 * step)
  }

  /// Empty for a scalar head.
  private func referenceLogProbabilities() -> [[Double]] {
    guard head == .vocabulary else { return [] }
    let specification = TransformerSpecification(transformer, parameters: reference)
    return groups.map { group in group.responses.map { logProbability(specification, $0, group.prompt) } }
  }

  private func loss(_ specification: TransformerSpecification, _ references: [[Double]]) -> Double {
    groups.indices.reduce(0) { sum, index in
      if head == .scalar { return sum + judgeLoss(specification, index) }
      let statistics = groups[index].responses.enumerated().map { response, tokens in
        ResponseStatistics(
          logProbability: logProbability(specification, tokens, groups[index].prompt),
          referenceLogProbability: references[index][response], length: tokens.count)
      }
      return sum + objective.evaluate(Pair(first: statistics[0], second: statistics[1], preference: preferences[index])).loss
    }
  }

  private func judgeLoss(_ specification: TransformerSpecification, _ index: Int) -> Double {
    let scores = groups[index].responses.map { specification.score(of: $0, after: groups[index].prompt) }
    return judgeLoss.evaluate(scores[0], scores[1], preference: preferences[index]).loss
  }

  private func logProbability(_ specification: TransformerSpecification, _ response: [Int32], _ prompt: [Int32]) -> Double {
    specification.logProbabilities(of: response, after: prompt).reduce(0, +)
  }
}
