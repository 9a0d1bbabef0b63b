import PoiseFiles
import PoiseModel
import PoiseText

/// A policy but for its weights: enough to read prompts and examples by, and to say what memory a run will take.
public struct PolicyOutline: TokenizedPolicy {
  public let configuration: TransformerConfiguration
  public let tokenizer: Tokenizer?
  let tokenizerConfig: JSON?
  public let chatTemplate: ChatTemplate?
  /// Where the weights lie; nil where they are still to be drawn.
  let folder: String?
  /// Of a new model.
  let family: ModelFamily

  /// Reads all but the weights of a model folder, or of the newest complete checkpoint of a run folder. The weights may be missing.
  ///
  /// - Parameter chatTemplate: takes the place of the model's own.
  /// - Throws: errors of the folder's files; `DataError` where tokenizer and model disagree, or the folder holds a judge.
  public init(folder: String, chatTemplate: ChatTemplate.Family? = nil) throws {
    let checkpoint = RunFolder.newestCheckpoint(in: folder)?.path ?? folder
    let (configuration, config) = try StoredModel.outline(folder: checkpoint)
    guard configuration.head == .vocabulary else {
      let path = "\(checkpoint)/config.json"
      let kind = try JudgeModel.kind(of: config, path).rawValue
      throw DataError(
        path,
        "this is a \(kind) model, which judges texts and writes none. Use it as a judge or annotator, \(kind):\(folder), and "
          + "name a policy here.", category: .configuration)
    }
    self.init(configuration, family: .llama, try TokenizerFiles(folder: checkpoint, of: configuration), checkpoint, chatTemplate)
  }

  /// A new policy.
  ///
  /// - Precondition: the configuration has a vocabulary head.
  public init(
    new configuration: TransformerConfiguration, family: ModelFamily = .llama, tokenizer: Tokenizer,
    chatTemplate: ChatTemplate.Family? = nil
  ) {
    precondition(configuration.head == .vocabulary)
    self.init(configuration, family: family, TokenizerFiles(tokenizer, config: nil), nil, chatTemplate)
  }

  private init(
    _ configuration: TransformerConfiguration, family: ModelFamily, _ files: TokenizerFiles, _ folder: String?,
    _ chatTemplate: ChatTemplate.Family?
  ) {
    var files = files
    if let chatTemplate { files.setChatTemplate(chatTemplate.template, for: configuration) }
    self.configuration = configuration
    self.family = family
    self.folder = folder
    (tokenizer, tokenizerConfig, self.chatTemplate) = (files.tokenizer, files.config, files.chatTemplate)
  }
}

extension Policy {
  /// The policy that an outline is of.
  ///
  /// - Parameter seed: of the weights of a new one.
  /// - Throws: errors of the weights.
  public init(_ outline: PolicyOutline, seed: UInt64 = 0) throws {
    let model =
      try outline.folder.map { try StoredModel(folder: $0) }
      ?? StoredModel(new: outline.configuration, family: outline.family, seed: seed)
    self.init(model: model, tokenizer: outline.tokenizer, tokenizerConfig: outline.tokenizerConfig)
  }
}
