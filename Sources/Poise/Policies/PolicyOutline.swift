import PoiseFiles
import PoiseModel
import PoiseText

/// A policy but for its weights: enough to read prompts and examples by, and to say what memory a run will take.
public struct PolicyOutline: TokenizedPolicy {
  /// Where the weights are.
  enum Source: Sendable {
    case stored(ModelOutline)
    /// Still to be drawn.
    case new(TransformerConfiguration, ModelFamily)
  }

  let source: Source
  public let tokenizer: Tokenizer?
  let tokenizerConfig: JSON?

  public var configuration: TransformerConfiguration { form.configuration }
  package var form: TransformerForm {
    switch source {
    case .stored(let model): model.form
    case .new(let configuration, _): TransformerForm(configuration)
    }
  }

  /// Whether parameters are adapters.
  public var isAdapted: Bool { form.adapters != nil }

  /// Reads all but the weights of a model folder, or of the newest complete checkpoint of a run folder. The weights may be missing.
  ///
  /// - Throws: errors of the folder's files; `DataError` where tokenizer and model disagree, or the folder holds a judge.
  public init(folder: String) throws {
    let checkpoint = RunFolder.newestCheckpoint(in: folder)?.path ?? folder
    let model = try ModelOutline(folder: checkpoint)
    guard model.configuration.head == .vocabulary else {
      let path = "\(checkpoint)/config.json"
      let kind = try JudgeModel.kind(of: model.config, path).rawValue
      throw DataError(
        path,
        "this is a \(kind) model, which judges texts and writes none. Use it as a judge or annotator, \(kind):\(folder), and "
          + "name a policy here.", category: .configuration)
    }
    let files = try TokenizerFiles(of: model)
    source = .stored(model)
    (tokenizer, tokenizerConfig) = (files.tokenizer, files.config)
  }

  /// A new policy.
  ///
  /// - Precondition: the configuration has a vocabulary head.
  public init(new configuration: TransformerConfiguration, family: ModelFamily = .llama, tokenizer: Tokenizer) {
    precondition(configuration.head == .vocabulary)
    source = .new(configuration, family)
    self.tokenizer = tokenizer
    tokenizerConfig = nil
  }

  private init(_ source: Source, of other: PolicyOutline) {
    self.source = source
    (tokenizer, tokenizerConfig) = (other.tokenizer, other.tokenizerConfig)
  }

  /// The same policy under new adapters, which are trained in its place.
  ///
  /// - Throws: `PolicyError` where there is nothing that they could stand beside; `DataError` where their targets name no layer.
  public func adapted(by adapters: AdapterConfiguration) throws -> PolicyOutline {
    guard case .stored(let model) = source else { throw PolicyError.nothingToAdapt }
    guard model.adaptation == nil else { throw PolicyError.adaptedAlready(folder: model.folder) }
    return PolicyOutline(.stored(try model.adapted(by: adapters)), of: self)
  }
}

extension Policy {
  /// The policy that an outline is of.
  ///
  /// - Parameter seed: of the weights of a new one, or of new adapters.
  /// - Throws: errors of the weights.
  public init(_ outline: PolicyOutline, seed: UInt64 = 0) throws {
    let model =
      switch outline.source {
      case .stored(let model): try StoredModel(model, seed: seed)
      case .new(let configuration, let family): StoredModel(new: configuration, family: family, seed: seed)
      }
    self.init(model: model, tokenizer: outline.tokenizer, tokenizerConfig: outline.tokenizerConfig)
  }
}
