import PoiseKernels

extension StoredModel {
  /// The model of an outline: as its folder has it, or under new adapters.
  ///
  /// - Parameter seed: of new adapters.
  /// - Throws: as ``init(folder:)``.
  public init(_ outline: ModelOutline, seed: UInt64) throws {
    let stored = try StoredModel(folder: outline.folder)
    guard let adaptation = outline.adaptation, stored.adaptation == nil else {
      self = stored
      return
    }
    self = stored.adapted(adaptation) { $0.initialParameters(seed: seed) }
  }

  /// Adapters with the model that they name.
  init(_ files: AdapterFiles) throws {
    let adaptation = try ModelAdaptation(files)
    self = try StoredModel(folder: files.base).adapted(adaptation) { transformer in
      let values = Arena(transformer.parameterLayout)
      try files.read(into: values, adaptation.layout)
      return values
    }
  }

  /// The same weights, frozen, under adapters.
  private func adapted(
    _ adaptation: ModelAdaptation, _ values: (_ transformer: Transformer) throws -> Arena
  ) rethrows -> StoredModel {
    let adapted = Transformer(adapting: transformer, frozen: parameters, adaptation.layout)
    return StoredModel(
      transformer: adapted, parameters: try values(adapted), family: family, config: config, adaptation)
  }

  /// One set of weights, W + s·B·A, all of which can be trained. They are made where W lies, so adapters of the same base must not
  /// be in use any more. Without adapters, the model itself.
  public consuming func merged() -> StoredModel {
    guard let adaptation, let weights = transformer.frozen else { return self }
    let layout = adaptation.layout
    let scaled = Arena(layout.layout)
    scaled.copy(from: parameters)
    kernels.scale(by: layout.configuration.scale, updating: scaled.writing)
    for module in layout.modules {
      multiply(
        scaled.matrix(module.part.raising), parameters.matrix(module.lowering),
        addingTo: weights.matrix(module.weight, rows: module.part.outputs))
    }
    return StoredModel(
      transformer: Transformer(transformer.configuration), parameters: weights, family: family, config: config)
  }
}
