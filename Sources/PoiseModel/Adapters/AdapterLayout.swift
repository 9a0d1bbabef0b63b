import PoiseRandom

/// Where every parameter of a transformer's adapters lies. Their gradients and the optimiser's moments use the same plan: what is
/// frozen has neither.
public struct AdapterLayout: Sendable {
  /// The adapters of one product. A fused product has those of all its parts that have any.
  struct Linear: Sendable {
    /// A of all parts, one below the other: (parts · r, in).
    var lowering: Tensor
    var parts: [Part]
  }

  struct Part: Sendable {
    /// Columns of the product that B adds to.
    var outputs: Range<Int>
    /// B: (outputs, r).
    var raising: Tensor
  }

  /// The adapters of one layer as checkpoints know it.
  struct Module: Sendable {
    /// As the layer's weight is stored, without `.weight`.
    var name: String
    /// The product it is part of.
    var weight: Tensor
    /// A (r, in)
    var lowering: Tensor
    var part: Part
  }

  public let configuration: AdapterConfiguration
  public private(set) var layout = Layout()
  /// In the order of the layout.
  private(set) var modules: [Module] = []
  /// By the offset of the product's weight.
  private var linears: [Int: Linear] = [:]

  /// - Parameter family: decides which layers there are, and what they are called.
  public init(_ configuration: AdapterConfiguration, of model: TransformerConfiguration, family: ModelFamily) {
    self.configuration = configuration
    let parameters = ParameterLayout(model)
    let targets = family.tensors(model).filter { configuration.isTarget($0.module) }
      .map { (module: $0.module, region: $0.region(in: parameters.layout)) }
    for weight in parameters.linears.map(\.weight) {
      let parts = targets.filter { $0.region.isPart(of: weight) }
        .sorted { $0.region.offset < $1.region.offset }
      if !parts.isEmpty { add(parts, to: weight) }
    }
  }

  private mutating func add(_ parts: [(module: String, region: Tensor)], to weight: Tensor) {
    let rank = configuration.rank
    let lowerings = parts.enumerated().map { index, part in
      index == 0
        ? layout.add("\(part.module).lora_A", rank, weight.columns)
        : layout.addAdjoining("\(part.module).lora_A", rank, weight.columns)
    }
    var linear = Linear(lowering: Layout.joining("\(weight.name).lora_A", lowerings), parts: [])
    for (lowering, (module, region)) in zip(lowerings, parts) {
      let first = (region.offset - weight.offset) / weight.columns
      let part = Part(
        outputs: first..<first + region.rows, raising: layout.add("\(module).lora_B", region.rows, rank))
      linear.parts.append(part)
      modules.append(Module(name: module, weight: weight, lowering: lowering, part: part))
    }
    linears[weight.offset] = linear
  }

  /// Adapters that add nothing: A uniform within ±1/√inputs, B 0.
  func initialValues(seed: UInt64) -> Arena {
    let arena = Arena(layout)
    for (index, module) in modules.enumerated() {
      var generator = CounterGenerator(seed, UInt64(index), 0x6C6F_7261)  // "lora"
      let bound = 1 / Double(module.lowering.columns).squareRoot()
      var values = arena[writing: module.lowering]
      for element in values.indices { values[element] = Float((2 * generator.uniform() - 1) * bound) }
    }
    return arena
  }

  /// The adapters of a product; nil where it has none.
  func linear(_ weight: Tensor) -> Linear? { linears[weight.offset] }

  /// Columns that part `index` of a product has in what A makes of its input.
  func columns(ofPart index: Int) -> Range<Int> { index * configuration.rank..<(index + 1) * configuration.rank }

  /// Whether values of one serve the other.
  func isAlike(_ other: AdapterLayout) -> Bool {
    layout.tensors == other.layout.tensors && configuration.scale == other.configuration.scale
  }

  /// Most parts of a product.
  var mostParts: Int { linears.values.lazy.map(\.parts.count).max() ?? 0 }

  /// The last parts of the names of all layers that have adapters, each once, in the order of the layout.
  var moduleKinds: [String] {
    var kinds: [String] = []
    for module in modules {
      let kind = module.name.split(separator: ".").last.map(String.init) ?? module.name
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    return kinds
  }

  /// Targets that name no layer of the model.
  public var unknownTargets: [String] {
    guard case .named(let names) = configuration.targets else { return [] }
    return names.filter { name in !modules.contains { $0.name == name || $0.name.hasSuffix(".\(name)") } }
  }
}

extension StoredTensor {
  /// The layer that a weight belongs to, as checkpoints call it.
  fileprivate var module: String { name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name }
}

extension Tensor {
  /// Whether all of it lies in another tensor of equal row length.
  fileprivate func isPart(of whole: Tensor) -> Bool {
    columns == whole.columns && shape.count == 2 && offset >= whole.offset && offset + count <= whole.offset + whole.count
  }
}
