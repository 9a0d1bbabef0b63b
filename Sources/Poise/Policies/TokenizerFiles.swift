import PoiseFiles
import PoiseModel
import PoiseText

/// The text side of a model's folder: its tokenizer, and `tokenizer_config.json` as it came, kept for saving. A chat template that
/// lies beside it, in `chat_template.jinja`, is kept within it, where every version of Hugging Face transformers looks.
struct TokenizerFiles: Sendable {
  /// Nil for folders without one.
  var tokenizer: Tokenizer?
  var config: JSON?

  init(_ tokenizer: Tokenizer?, config: JSON?) {
    self.tokenizer = tokenizer
    self.config = config
  }

  /// - Throws: errors of the files; `DataError` where tokenizer and model disagree.
  init(folder: String, of model: TransformerConfiguration) throws {
    tokenizer = Tokenizer.isIn(folder: folder) ? try Tokenizer(folder: folder) : nil
    let configPath = "\(folder)/tokenizer_config.json"
    config = Files.exists(configPath) ? try Files.readJSON(configPath) : nil
    if let template = try ChatTemplate.separateText(folder: folder) { setChatTemplate(template, for: model) }
    if let tokenizer, tokenizer.vocabularySize > model.vocabularySize {
      throw DataError(
        "\(folder)/tokenizer.json",
        "the tokenizer knows \(tokenizer.vocabularySize) tokens and the model \(model.vocabularySize). Use the tokenizer that the "
          + "model was trained with.", category: .configuration)
    }
  }

  /// Of a model's folder; of adapters that come without, of the folder of the model that they adapt.
  init(of model: ModelOutline) throws {
    try self.init(folder: model.folder, of: model.configuration)
    if tokenizer == nil, let base = model.adaptation?.base { try self.init(folder: base, of: model.configuration) }
  }

  var chatTemplate: ChatTemplate? { config.flatMap { ChatTemplate(tokenizerConfig: $0) } }

  /// Replaces the model's chat template, for writing conversations and for saving.
  mutating func setChatTemplate(_ template: String, for model: TransformerConfiguration) {
    config = ChatTemplate.setting(template, in: config ?? defaultConfig(model))
  }

  func save(folder: String, for model: TransformerConfiguration) throws {
    try tokenizer?.save(folder: folder)
    try Files.replace("\(folder)/tokenizer_config.json", with: (config ?? defaultConfig(model)).page)
  }

  private func defaultConfig(_ model: TransformerConfiguration) -> JSON {
    func token(_ id: Int?) -> JSON { id.flatMap { tokenizer?.token(of: $0) }.map { .string($0) } ?? .null }
    return [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": token(model.beginningOfSequence),
      "eos_token": token(model.endOfSequence.first), "model_max_length": .init(model.contextLength),
      "clean_up_tokenization_spaces": false,
    ]
  }
}
