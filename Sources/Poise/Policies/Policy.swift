import PoiseFiles
import PoiseModel
import PoiseText

/// A model with the text that goes with it: what a user calls MODEL.
public struct Policy: TrainablePolicy, TokenizedPolicy, SavableModel {
  public var model: StoredModel
  /// Nil for folders without a tokenizer: such policies read and write token ids only.
  public var tokenizer: Tokenizer?
  /// tokenizer_config.json as it came, kept for saving.
  public var tokenizerConfig: JSON? { didSet { chatTemplate = tokenizerFiles.chatTemplate } }
  /// The one in `tokenizerConfig`.
  public private(set) var chatTemplate: ChatTemplate?

  public var transformer: Transformer { model.transformer }
  public var languageModel: Transformer { model.transformer }
  public var parameters: Arena { model.parameters }
  public var configuration: TransformerConfiguration { model.transformer.configuration }
  package var form: TransformerForm { model.transformer.form }

  /// - Precondition: the model has a vocabulary head.
  public init(model: StoredModel, tokenizer: Tokenizer?, tokenizerConfig: JSON? = nil) {
    precondition(model.transformer.configuration.head == .vocabulary)
    self.model = model
    self.tokenizer = tokenizer
    self.tokenizerConfig = tokenizerConfig
    chatTemplate = tokenizerFiles.chatTemplate
  }

  /// Reads a model folder, or the newest complete checkpoint of a run folder. Adapters are merged with the model that they adapt.
  ///
  /// - Parameters:
  ///   - chatTemplate: takes the place of the model's own.
  ///   - pool: reads weights and tokenizer side by side; of half a gigabyte and fifty thousand tokens one takes about as long as the
  ///     other.
  /// - Throws: errors of the folder's files; `DataError` where tokenizer and model disagree, or the folder holds a judge.
  public init(
    folder: String, chatTemplate: ChatTemplate.Family? = nil, pool: WorkerPool = WorkerPool(workerCount: 1)
  ) throws {
    var (outline, weights): (Result<PolicyOutline, any Error>?, Result<StoredModel, any Error>?)
    pool.forEach(2) { _, part in
      if part == 0 {
        weights = Result { try StoredModel(folder: RunFolder.newestCheckpoint(in: folder)?.path ?? folder).merged() }
      } else {
        outline = Result { try PolicyOutline(folder: folder, chatTemplate: chatTemplate) }
      }
    }
    let text = try outline!.get()
    self.init(model: try weights!.get(), tokenizer: text.tokenizer, tokenizerConfig: text.tokenizerConfig)
  }

  /// A policy all of whose weights can be trained; see ``StoredModel/merged()``.
  public consuming func merged() -> Policy {
    Policy(model: model.merged(), tokenizer: tokenizer, tokenizerConfig: tokenizerConfig)
  }

  /// Writes everything Hugging Face transformers needs to load the policy, or PEFT where adapters are what is trained.
  public func save(folder: String) throws {
    try model.save(folder: folder)
    try tokenizerFiles.save(folder: folder, for: configuration)
  }

  var tokenizerFiles: TokenizerFiles { TokenizerFiles(tokenizer, config: tokenizerConfig) }

  /// Policy and reference run through one transformer with two sets of parameters, so they must be built alike.
  public func requireSameForm(_ reference: Policy) throws(PolicyError) {
    let (own, other) = (configuration, reference.configuration)
    guard own.vocabularySize == other.vocabularySize else {
      throw .differentVocabularies(policy: own.vocabularySize, reference: other.vocabularySize)
    }
    guard transformer.parameterLayout.tensors == reference.transformer.parameterLayout.tensors, own == other else {
      throw .differentForms
    }
  }

  /// Parameters of a reference for this policy, from a folder: those of a policy of the same form. Where adapters are trained, the
  /// reference is the model that they adapt, or other adapters of it, so that all weights beside them are there once.
  ///
  /// - Throws: errors of the folder's files; `PolicyError` for a policy of another form.
  public func referenceParameters(folder: String) throws -> Arena {
    guard let adaptation = model.adaptation else {
      let other = try Policy(folder: folder)
      try requireSameForm(other)
      return other.parameters
    }
    let other = try ModelOutline(folder: RunFolder.newestCheckpoint(in: folder)?.path ?? folder)
    let isBase = try adaptation.isOf(other) || adaptation.isOf(ModelOutline(folder: folder))
    if isBase { return Arena(transformer.parameterLayout) }  // adapters that add nothing
    guard let stored = try adaptation.values(of: other) else { throw PolicyError.differentBases(folder: folder) }
    return stored
  }
}

/// A policy as far as texts are concerned, which needs no weights.
public protocol TokenizedPolicy: Sendable {
  var configuration: TransformerConfiguration { get }
  /// Nil where token ids are all that is read and written.
  var tokenizer: Tokenizer? { get }
  /// Nil where conversations cannot be read.
  var chatTemplate: ChatTemplate? { get }
}

extension TokenizedPolicy {
  /// The tokenizer, or an error that says why text cannot be used.
  public func requireTokenizer() throws -> Tokenizer {
    guard let tokenizer else { throw PolicyError.noTokenizer }
    return tokenizer
  }

  /// The chat template, or an error that says why conversations cannot be used.
  public func requireChatTemplate() throws -> ChatTemplate {
    guard let chatTemplate else { throw ChatTemplateError.missing }
    return chatTemplate
  }

  /// A prompt as the model reads it: a text with the special tokens that the tokenizer puts around it, a conversation with those that
  /// its template prints.
  public func promptTokens(_ prompt: PromptContent) throws -> [Int32] {
    var ids: [Int]
    switch prompt {
    case .tokens(let tokens): ids = tokens
    case .text(let text): ids = try requireTokenizer().encode(text, addingSpecialTokens: true)
    case .conversation(let conversation): ids = try requireChatTemplate().promptTokens(conversation, requireTokenizer())
    }
    if ids.isEmpty, let beginning = configuration.beginningOfSequence { ids = [beginning] }
    guard !ids.isEmpty else { throw PolicyError.emptyPrompt }
    return try checked(ids)
  }

  /// A response as the model is to have written it: a text as it is, what is said in a conversation with what its template puts around
  /// it.
  ///
  /// - Parameters:
  ///   - prompt: what it answers; nil is nothing.
  ///   - endingText: append the end-of-sequence token where the template has not done so; token ids are taken as they are.
  public func responseTokens(
    _ response: TextOrTokens, to prompt: PromptContent? = nil, endingText: Bool = true
  ) throws -> [Int32] {
    let ends = configuration.endOfSequence
    let ids: [Int]
    switch (response, prompt) {
    case (.tokens(let tokens), _): return try checked(tokens)
    case (.text(let answer), .conversation(let conversation)):
      ids = try requireChatTemplate().responseTokens(answer, to: conversation, requireTokenizer(), endOfSequence: ends)
      if let last = ids.last, ends.contains(last) { return try checked(endingText ? ids : ids.dropLast()) }
    case (.text(let text), _): ids = try requireTokenizer().encode(text)
    }
    return try checked(endingText ? ids + ends.prefix(1) : ids)
  }

  /// The text of a response, special tokens left out.
  public func text(of response: [Int32]) -> String {
    tokenizer?.decode(response.map { Int($0) }, skippingSpecialTokens: true) ?? response.map(String.init).joined(separator: " ")
  }

  private func checked(_ ids: [Int]) throws -> [Int32] {
    let vocabulary = 0..<configuration.vocabularySize
    if let outside = ids.first(where: { !vocabulary.contains($0) }) {
      throw PolicyError.tokenOutside(token: outside, vocabularySize: vocabulary.count)
    }
    return ids.map { Int32($0) }
  }
}

/// Why a text or some token ids cannot be given to a model. Callers that know the file and line say so with `located`.
public enum PolicyError: ExplainedError, Equatable {
  case noTokenizer
  case noTokenizerToJudgeWith
  case emptyPrompt
  case emptyResponse
  case tokenOutside(token: Int, vocabularySize: Int)
  /// A prompt, with the most tokens that its response may have.
  case promptTooLong(promptTokens: Int, responseTokens: Int, contextLength: Int)
  /// A prompt with a response that is given.
  case responseTooLong(promptTokens: Int, responseTokens: Int, contextLength: Int)
  case differentVocabularies(policy: Int, reference: Int)
  case differentForms
  case nothingToAdapt
  case adaptedAlready(folder: String)
  /// A reference of adapters that is not what they adapt.
  case differentBases(folder: String)

  public var category: FailureCategory {
    switch self {
    case .noTokenizer, .noTokenizerToJudgeWith, .differentVocabularies, .differentForms, .nothingToAdapt, .adaptedAlready,
      .differentBases:
      .configuration
    case .emptyPrompt, .emptyResponse, .tokenOutside, .promptTooLong, .responseTooLong: .badData
    }
  }

  public var description: String {
    switch self {
    case .noTokenizer:
      "The model folder has no tokenizer.json, so text cannot be turned into tokens. Give token ids (prompt_ids, "
        + "completion_ids), or add the tokenizer to the folder."
    case .noTokenizerToJudgeWith:
      "The model folder has no tokenizer.json. A judge reads text, whoever wrote it, so it needs one: add the tokenizer to the folder."
    case .emptyPrompt:
      "the prompt has no tokens, and the model has no beginning-of-sequence token to start from."
    case .emptyResponse: "the response has no tokens."
    case .tokenOutside(let token, let size):
      "the token id \(token) is outside the model's vocabulary (0 to \(size - 1))."
    case .promptTooLong(let prompt, let response, let context):
      "the prompt has \(prompt) tokens and the response may have \(response), together more than the model's context of "
        + "\(context). Shorten the prompt, or lower --max-new-tokens."
    case .responseTooLong(let prompt, let response, let context):
      "the prompt has \(prompt) tokens and the response \(response), together more than the model's context of \(context). "
        + "Shorten one of them, leave the line out, or use a model of a longer context."
    case .differentVocabularies(let policy, let reference):
      "The policy knows \(policy) tokens and the reference \(reference); only models of one vocabulary can be compared token by "
        + "token."
    case .differentForms:
      "Policy and reference are built differently (see their config.json); the reference must be a model of the policy's own form."
    case .nothingToAdapt:
      "Adapters stand beside the weights of a model, and a model from scratch has none yet. Give --model, or leave --lora-rank out."
    case .adaptedAlready(let folder):
      "\(folder) holds adapters, which the run trains further as they are: leave --lora-rank out. For new ones, merge these first "
        + "with `poise merge`."
    case .differentBases(let folder):
      "\(folder) is neither the model that the policy's adapters adapt nor adapters of the same form beside it. Only those share "
        + "its weights: name one of them as the reference, or merge the adapters with `poise merge` and train all weights."
    }
  }
}
