import PoiseFiles
import PoiseModel
import PoiseText

/// A judge but for its weights: enough to read comparisons by, and to say what memory it will take.
public struct JudgeOutline: TokenizedJudge {
  public let kind: JudgeModel.Kind
  /// With a scalar head.
  public let configuration: TransformerConfiguration
  public let tokenizer: Tokenizer
  public let chatTemplate: ChatTemplate?
  public let separator: [Int32]
  let tokenizerFiles: TokenizerFiles

  /// A judge that starts from a policy.
  ///
  /// - Throws: `PolicyError` for policies without a tokenizer.
  public init(_ kind: JudgeModel.Kind, startingFrom policy: some TokenizedPolicy, tokenizerConfig: JSON? = nil) throws {
    guard let tokenizer = policy.tokenizer else { throw PolicyError.noTokenizerToJudgeWith }
    var configuration = policy.configuration
    configuration.head = .scalar
    self.init(
      kind, configuration, tokenizer, TokenizerFiles(tokenizer, config: tokenizerConfig), chatTemplate: policy.chatTemplate)
  }

  /// Reads all but the weights of a judge's folder, or of the newest complete checkpoint of its run. A sequence classifier with one
  /// label that says nothing else of itself is a reward model.
  ///
  /// - Throws: errors of the folder's files; `DataError` where it holds a policy, or a judge of the other kind.
  public init(_ kind: JudgeModel.Kind, folder: String) throws {
    let checkpoint = RunFolder.newestCheckpoint(in: folder)?.path ?? folder
    let model = try ModelOutline(folder: checkpoint)
    let configuration = model.configuration
    let path = "\(checkpoint)/config.json"
    guard configuration.head == .scalar else {
      throw DataError(
        path, "this is a policy, which cannot judge. Train a judge from it with `poise \(kind.rawValue) --model \(folder) …`.",
        category: .configuration)
    }
    let found = try JudgeModel.kind(of: model.config, path)
    guard found == kind else {
      throw DataError(
        path, "this is a \(found.rawValue) model: name it as \(found.rawValue):\(folder), or give a \(kind.rawValue) model.",
        category: .configuration)
    }
    let files = try TokenizerFiles(of: model)
    guard let tokenizer = files.tokenizer else { throw FileError.missing(path: "\(checkpoint)/tokenizer.json") }
    self.init(kind, configuration, tokenizer, files, chatTemplate: files.chatTemplate)
  }

  private init(
    _ kind: JudgeModel.Kind, _ configuration: TransformerConfiguration, _ tokenizer: Tokenizer, _ files: TokenizerFiles,
    chatTemplate: ChatTemplate?
  ) {
    self.kind = kind
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
    tokenizerFiles = files
    separator = configuration.endOfSequence.first.map { [Int32($0)] } ?? tokenizer.encode("\n").map { Int32($0) }
  }
}
