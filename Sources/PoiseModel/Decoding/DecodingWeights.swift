import PoiseKernels

/// A transformer's weights laid out for products of few rows: the transpose of each, in panels. All decoders of a run share them;
/// they are made anew when parameters change, which costs as much as decoding a few tokens.
final class DecodingWeights: LinearWeights, @unchecked Sendable {
  private(set) var parameters: Arena
  /// Every weight that rows are multiplied by, and where its panels lie.
  private let weights: [(weight: Tensor, panels: Tensor)]
  /// By the weight's offset.
  private let places: [Int: Tensor]
  private let arena: Arena

  init(_ layout: ParameterLayout) {
    let (plan, weights) = Self.layout(layout)
    self.weights = weights
    places = Dictionary(weights.map { ($0.weight.offset, $0.panels) }, uniquingKeysWith: { first, _ in first })
    arena = Arena(plan)
    parameters = Arena(count: 0)
  }

  static func layout(_ layout: ParameterLayout) -> (plan: Layout, weights: [(weight: Tensor, panels: Tensor)]) {
    var plan = Layout()
    var weights: [(weight: Tensor, panels: Tensor)] = []
    for weight in layout.linears.map(\.weight) + [layout.head] {
      let count = kernels.panelElements(rows: weight.columns, columns: weight.rows)
      weights.append((weight, plan.add("\(weight.name).panels", count)))
    }
    return (plan, weights)
  }

  /// Takes up parameters as they are now. Weights are packed side by side.
  func adopt(_ parameters: Arena, pool: WorkerPool) {
    self.parameters = parameters
    let arena = arena
    pool.forEach(weights.count) { _, index in
      let (weight, panels) = weights[index]
      kernels.packPanels(
        parameters[weight], rows: weight.columns, columns: weight.rows, rowStride: 1, columnStride: weight.columns,
        into: arena[writing: panels])
    }
  }

  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena) {
    multiply(a[x], rows: rows, by: weight, adding: adding, into: a[writing: y])
  }

  /// y ← x·Wᵀ, or y ← y + x·Wᵀ: x (rows, in), y (rows, out).
  func multiply(
    _ x: Span<Float>, rows: Int, by weight: Tensor, adding: Bool = false, into y: consuming MutableSpan<Float>
  ) {
    let arena = arena
    let panels = places[weight.offset]!
    kernels.multiplyPanels(
      x, rows: rows, rowStride: weight.columns, columnStride: 1, panels: arena[panels], inner: weight.columns,
      columns: weight.rows, adding: adding, stride: weight.rows, into: y)
  }
}
