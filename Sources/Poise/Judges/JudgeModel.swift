import PoiseFiles
import PoiseModel
import PoiseText

/// A learned judge as it is kept: a transformer under a scalar head and the tokenizer that goes with it. It reads text, so it may
/// judge policies whose tokenizers are not its own.
public struct JudgeModel: TokenizedJudge, SavableModel {
  /// What the one number means.
  public enum Kind: String, Sendable, CaseIterable {
    /// r(x, y), at the end of prompt and response (Bradley & Terry 1952; Stiennon et al. 2020).
    case reward
    /// The log-odds of y ≻ y′, at the end of prompt and both responses: it can tell preferences that no reward explains.
    case preference
  }

  public let model: StoredModel
  private let outline: JudgeOutline

  public var kind: Kind { outline.kind }
  public var configuration: TransformerConfiguration { model.transformer.configuration }
  public var tokenizer: Tokenizer { outline.tokenizer }
  public var chatTemplate: ChatTemplate? { outline.chatTemplate }
  public var separator: [Int32] { outline.separator }
  public var transformer: Transformer { model.transformer }
  public var parameters: Arena { model.parameters }

  /// The key of config.json that says which kind a model is; Hugging Face transformers keeps keys it does not know.
  private static let kindKey = "poise_judge"

  /// A judge without an opinion, whose trunk is a policy's, adapters merged.
  ///
  /// - Throws: `PolicyError` for policies without a tokenizer.
  public init(_ kind: Kind, startingFrom policy: Policy) throws {
    var keys = JSON.Object()
    keys[Self.kindKey] = .string(kind.rawValue)
    outline = try JudgeOutline(kind, startingFrom: policy, tokenizerConfig: policy.tokenizerConfig)
    model = policy.model.merged().withScalarHead(keys)
  }

  /// Reads a judge's folder, or the newest complete checkpoint of its run. A sequence classifier with one label that says nothing
  /// else of itself is a reward model.
  ///
  /// - Throws: errors of the folder's files; `DataError` where it holds a policy, or a judge of the other kind.
  public init(_ kind: Kind, folder: String) throws {
    outline = try JudgeOutline(kind, folder: folder)
    model = try StoredModel(folder: RunFolder.newestCheckpoint(in: folder)?.path ?? folder)
  }

  /// What kind of judge a model with a scalar head is.
  ///
  /// - Parameters:
  ///   - config: its config.json.
  ///   - path: of that file.
  static func kind(of config: JSON, _ path: String) throws(DataError) -> Kind {
    guard let value = config[kindKey], !value.isNull else { return .reward }
    guard let kind = value.string.flatMap(Kind.init) else {
      throw DataError(
        path, "\(kindKey) is \(value.line); \"reward\" or \"preference\" was expected.", category: .configuration)
    }
    return kind
  }

  /// Writes everything Hugging Face transformers needs to load it as a sequence classifier; of an encoder–decoder it has none
  /// that would read the same, and only Poise loads it.
  public func save(folder: String) throws {
    try model.save(folder: folder)
    try outline.tokenizerFiles.save(folder: folder, for: configuration)
  }
}

/// A judge as far as texts are concerned, which needs no weights.
public protocol TokenizedJudge: Sendable {
  var kind: JudgeModel.Kind { get }
  var configuration: TransformerConfiguration { get }
  var tokenizer: Tokenizer { get }
  /// Nil where conversations are read as transcripts.
  var chatTemplate: ChatTemplate? { get }
  /// What ends a response.
  var separator: [Int32] { get }
}

extension TokenizedJudge {
  /// Two responses to a prompt as this judge reads them: of a reward model one sequence each, of a preference model one sequence
  /// an order, `y‖y′` and `y′‖y`. Every response ends with the end-of-sequence token. A conversation is written by the judge's own
  /// chat template.
  ///
  /// - Parameter isCut: set where the context is too short. A prompt then loses its beginning, and a response its end.
  /// - Throws: `ChatTemplateError`.
  public func group(_ asked: Comparison, isCut: inout Bool) throws(ChatTemplateError) -> TokenGroup {
    let responses = [try response(asked.first, to: asked.question), try response(asked.second, to: asked.question)]
    switch kind {
    case .reward: return try group(asked.question, responses.map { [$0] }, isCut: &isCut)
    case .preference: return try group(asked.question, [responses, responses.reversed()], isCut: &isCut)
    }
  }

  /// A response to a prompt as a reward model reads it.
  func group(_ answer: Answer) throws(ChatTemplateError) -> TokenGroup {
    precondition(kind == .reward)
    var isCut = false
    return try group(answer.question, [[try response(answer.response, to: answer.question)]], isCut: &isCut)
  }

  /// Without the end-of-sequence token.
  private func response(_ text: String, to question: Question) throws(ChatTemplateError) -> [Int32] {
    guard let conversation = question.conversation, let chatTemplate else { return tokenizer.encode(text).map { Int32($0) } }
    let ends = configuration.endOfSequence
    let ids = try chatTemplate.responseTokens(text, to: conversation, tokenizer, endOfSequence: ends)
    return (ids.last.map(ends.contains) == true ? ids.dropLast() : ids).map { Int32($0) }
  }

  private func promptTokens(_ question: Question) throws(ChatTemplateError) -> [Int32] {
    guard let conversation = question.conversation, let chatTemplate else {
      return tokenizer.encode(question.text, addingSpecialTokens: true).map { Int32($0) }
    }
    return try chatTemplate.promptTokens(conversation, tokenizer).map { Int32($0) }
  }

  /// - Parameter sequences: each the responses that one sequence holds.
  private func group(
    _ question: Question, _ sequences: [[[Int32]]], isCut: inout Bool
  ) throws(ChatTemplateError) -> TokenGroup {
    var promptTokens = try promptTokens(question)
    if promptTokens.isEmpty { promptTokens = separator }
    let context = configuration.contextLength
    // Responses get what the prompt leaves, and half the context if they need it; the prompt gets what they leave.
    let parts = sequences.first?.count ?? 1
    let most = max(max(context / 2, context - promptTokens.count) / parts - separator.count, 1)
    let responses = sequences.map { sequence in
      sequence.flatMap { part -> [Int32] in
        if part.count > most { isCut = true }
        return part.prefix(most) + separator
      }
    }
    let room = max(context - (responses.map(\.count).max() ?? 0), 1)
    if promptTokens.count > room { isCut = true }
    return TokenGroup(prompt: Array(promptTokens.suffix(room)), responses: responses)
  }
}
