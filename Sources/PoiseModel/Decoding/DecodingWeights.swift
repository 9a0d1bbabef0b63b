import PoiseKernels

/// A transformer's weights laid out for products of few rows: the transpose of each, in panels. All decoders of a run share them;
/// they are made anew when parameters change, which costs as much as decoding a few tokens.
///
/// Frozen weights, which adapters stand beside, stay as they are and are multiplied by as they lie. That is slower where rows are
/// few, but panels would be a second copy of what training adapters has one of.
final class DecodingWeights: LinearWeights, @unchecked Sendable {
  /// As they lie; of adapters that were adopted, beside the frozen ones.
  private var weights: Weights
  private let transformer: Transformer
  private let scratch: ActivationLayout.Adapters?
  private let panels: Panels
  private let arena: Arena

  /// Where the panels of every weight lie that rows are multiplied by.
  struct Panels {
    fileprivate(set) var layout = Layout()
    fileprivate var all: [(weight: Tensor, panels: Tensor)] = []
    /// By the weight's offset.
    fileprivate var places: [Int: Tensor] = [:]
  }

  var parameters: Arena { weights.parameters }

  /// - Parameter scratch: of the decoders' activations, for adapters.
  init(_ transformer: Transformer, scratch: ActivationLayout.Adapters?) {
    self.transformer = transformer
    self.scratch = scratch
    panels = Self.panels(transformer.form)
    arena = Arena(panels.layout)
    weights = Weights(parameters: Arena(count: 0))
  }

  /// None of frozen weights.
  static func panels(_ form: TransformerForm) -> Panels {
    var panels = Panels()
    guard form.adapters == nil else { return panels }
    let parameters = ParameterLayout(form.configuration)
    for weight in parameters.linears.map(\.weight) + [parameters.head] {
      let count = kernels.panelElements(rows: weight.columns, columns: weight.rows)
      let place = panels.layout.add("\(weight.name).panels", count)
      panels.all.append((weight, place))
      panels.places[weight.offset] = place
    }
    return panels
  }

  /// Takes up what is trained as it is now. Weights are packed side by side.
  func adopt(_ trained: Arena, pool: WorkerPool) {
    weights = transformer.weights(trained, scratch)
    let (arena, parameters) = (arena, parameters)
    pool.forEach(panels.all.count) { _, index in
      let (weight, panels) = panels.all[index]
      kernels.packPanels(
        parameters[weight], rows: weight.columns, columns: weight.rows, rowStride: 1, columnStride: weight.columns,
        into: arena[writing: panels])
    }
  }

  func multiply(_ x: Tensor, rows: Int, by weight: Tensor, adding: Bool, to y: Tensor, _ a: Arena) {
    if let place = panels.places[weight.offset] {
      multiply(a[x], rows: rows, by: weight, place, adding: adding, into: a[writing: y])
    } else {
      weights.multiply(x, rows: rows, by: weight, adding: adding, to: y, a)
    }
  }

  /// y ← x·Wᵀ across arenas: the form of the head, which has no adapters.
  func multiply(_ x: Tensor, of a: Arena, rows: Int, by weight: Tensor, to y: Tensor, of b: Arena) {
    if let place = panels.places[weight.offset] {
      multiply(a[x], rows: rows, by: weight, place, adding: false, into: b[writing: y])
    } else {
      PoiseModel.multiply(
        a.matrix(x, rows: 0..<rows), parameters.matrix(weight).transposed, into: b.matrix(y, rows: 0..<rows))
    }
  }

  /// x (rows, in), y (rows, out).
  private func multiply(
    _ x: Span<Float>, rows: Int, by weight: Tensor, _ place: Tensor, adding: Bool, into y: consuming MutableSpan<Float>
  ) {
    let arena = arena
    kernels.multiplyPanels(
      x, rows: rows, rowStride: weight.columns, columnStride: 1, panels: arena[place], inner: weight.columns,
      columns: weight.rows, adding: adding, stride: weight.rows, into: y)
  }
}
