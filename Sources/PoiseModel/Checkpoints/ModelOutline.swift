import Foundation
import PoiseFiles

/// What adapters of a model are, beside their values.
public struct ModelAdaptation: Sendable {
  public let layout: AdapterLayout
  /// Folder of the model that they adapt, without links.
  public let base: String
  /// adapter_config.json, as read or as made for new adapters.
  let config: JSON

  /// Whether that is the model that these adapters adapt.
  public func isOf(_ model: ModelOutline) -> Bool { model.adaptation == nil && base == model.canonicalFolder }

  /// The adapters of a folder, where they adapt the same model in the same form; nil where they do not.
  public func values(of other: ModelOutline) throws -> Arena? {
    guard let adaptation = other.adaptation, adaptation.base == base, adaptation.layout.isAlike(layout) else { return nil }
    let values = Arena(layout.layout)
    try AdapterFiles(folder: other.folder).read(into: values, layout)
    return values
  }
}

extension ModelAdaptation {
  /// - Parameters:
  ///   - config: adapter_config.json; made for new adapters.
  ///   - path: told in errors.
  /// - Throws: `DataError` where targets name a layer that the model does not have.
  fileprivate init(
    _ configuration: AdapterConfiguration, of model: ModelOutline, config: JSON? = nil, _ path: String
  ) throws(DataError) {
    let layout = AdapterLayout(configuration, of: model.configuration, family: model.family)
    if let problem = model.problem(of: layout) { throw DataError(path, problem, category: .configuration) }
    let base = model.canonicalFolder
    self.init(
      layout: layout, base: base, config: config ?? AdapterFiles.config(layout, base: base, of: model.family, model.configuration)
    )
  }

  fileprivate init(_ files: AdapterFiles, of base: ModelOutline) throws(DataError) {
    try self.init(files.configuration, of: base, config: files.config, "\(files.folder)/\(AdapterFiles.configFile)")
  }

  /// - Throws: also errors of the folder of the model that they adapt.
  init(_ files: AdapterFiles) throws { try self.init(files, of: ModelOutline(base: files)) }
}

/// A folder's model but for its parameters.
public struct ModelOutline: Sendable {
  /// Where it was read.
  public let folder: String
  public let family: ModelFamily
  /// config.json; of adapters that of the model that they adapt.
  public let config: JSON
  public let configuration: TransformerConfiguration
  /// Where parameters are adapters.
  public let adaptation: ModelAdaptation?

  public var form: TransformerForm { TransformerForm(configuration, adapters: adaptation?.layout) }

  /// What a folder's model is made of: of the weights only the names and shapes are read, and where there are no weights yet,
  /// config.json alone decides.
  ///
  /// - Throws: as ``StoredModel/init(folder:)``, but for weights that are missing or do not fit.
  public init(folder: String) throws {
    guard AdapterFiles.exist(in: folder) else {
      try self.init(whole: folder)
      return
    }
    let files = try AdapterFiles(folder: folder)
    let base = try ModelOutline(base: files)
    self.init(base, folder: folder, try ModelAdaptation(files, of: base))
  }

  /// A model all of whose parameters are there.
  private init(whole folder: String) throws {
    let reader = try StoredModel.configurationReader(folder: folder)
    self.folder = folder
    family = try ModelFamily.named(in: reader)
    config = reader.json
    let weights = SafeTensorsCollection.exists(in: folder) ? try SafeTensorsCollection(folder: folder) : nil
    configuration = try StoredModel.configuration(family, reader, weights: weights)
    adaptation = nil
  }

  /// The model that adapters adapt.
  fileprivate init(base files: AdapterFiles) throws {
    guard !AdapterFiles.exist(in: files.base) else {
      throw DataError(
        "\(files.folder)/\(AdapterFiles.configFile)",
        "these adapters adapt the adapters of \(files.base). Merge those first with `poise merge`, and name the result here.",
        category: .configuration)
    }
    try self.init(whole: files.base)
  }

  private init(_ base: ModelOutline, folder: String, _ adaptation: ModelAdaptation) {
    self.folder = folder
    family = base.family
    config = base.config
    configuration = base.configuration
    self.adaptation = adaptation
  }

  /// The same model under new adapters.
  ///
  /// - Precondition: the model itself is no adapters.
  /// - Throws: `DataError` where targets name no layer of the model.
  public func adapted(by configuration: AdapterConfiguration) throws -> ModelOutline {
    precondition(adaptation == nil && configuration.problem == nil)
    return ModelOutline(self, folder: folder, try ModelAdaptation(configuration, of: self, folder))
  }

  fileprivate var canonicalFolder: String { URL(fileURLWithPath: folder).resolvingSymlinksInPath().path }

  fileprivate func problem(of adapters: AdapterLayout) -> String? {
    guard let unknown = adapters.unknownTargets.first else { return nil }
    let all = AdapterLayout(AdapterConfiguration(rank: 1), of: configuration, family: family).moduleKinds
    return "\"\(unknown)\" is no linear layer of the model that adapters could adapt; it has \(all.joined(separator: ", "))."
  }
}
