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

    var form: TransformerForm {
      switch self {
      case .stored(let model): model.form
      case .new(let configuration, _): TransformerForm(configuration)
      }
    }
  }

  let source: Source
  public let tokenizer: Tokenizer?
  let tokenizerConfig: JSON?
  public let chatTemplate: ChatTemplate?

  public var configuration: TransformerConfiguration { form.configuration }
  package var form: TransformerForm { source.form }

  /// Whether parameters are adapters.
  public var isAdapted: Bool { form.adapters != nil }

  /// Reads all but the weights of a model folder, or of the newest complete checkpoint of a run folder. The weights may be missing.
  ///
  /// - Parameter chatTemplate: takes the place of the model's own.
  /// - Throws: errors of the folder's files; `DataError` where tokenizer and model disagree, or the folder holds a judge.
  public init(folder: String, chatTemplate: ChatTemplate.Family? = nil) throws {
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
    self.init(.stored(model), try TokenizerFiles(of: model), chatTemplate)
  }

  /// A new policy.
  ///
  /// - Precondition: the configuration has a vocabulary head.
  public init(
    new configuration: TransformerConfiguration, family: ModelFamily = .llama, tokenizer: Tokenizer,
    chatTemplate: ChatTemplate.Family? = nil
  ) {
    precondition(configuration.head == .vocabulary)
    self.init(.new(configuration, family), TokenizerFiles(tokenizer, config: nil), chatTemplate)
  }

  private init(_ source: Source, _ files: TokenizerFiles, _ chatTemplate: ChatTemplate.Family? = nil) {
    var files = files
    self.source = source
    if let chatTemplate { files.setChatTemplate(chatTemplate.template, for: source.form.configuration) }
    (tokenizer, tokenizerConfig, self.chatTemplate) = (files.tokenizer, files.config, files.chatTemplate)
  }

  /// The same policy under new adapters, which are trained in its place.
  ///
  /// - Throws: `PolicyError` where there is nothing that they could stand beside; `DataError` where their targets name no layer.
  public func adapted(by adapters: AdapterConfiguration) throws -> PolicyOutline {
    guard case .stored(let model) = source else { throw PolicyError.nothingToAdapt }
    guard model.adaptation == nil else { throw PolicyError.adaptedAlready(folder: model.folder) }
    return PolicyOutline(.stored(try model.adapted(by: adapters)), TokenizerFiles(tokenizer, config: tokenizerConfig))
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
