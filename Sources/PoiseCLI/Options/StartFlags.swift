import ArgumentParser
import Poise
import PoiseFiles
import PoiseModel
import PoiseText

extension Preset: ExpressibleByArgument {
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What a model starts from: a model, or a preset with a tokenizer.
struct StartFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the model to start from.", valueName: "model")) var model: String?
  @Option(help: "Start from scratch with a model of this size: \(Preset.list).") var preset: Preset?
  @Option(
    help: ArgumentHelp(
      "Blocks of a model from scratch, a T5's encoder and decoder each, 1 to 1000. (default: the preset's)", valueName: "n"))
  var blocks: Int?
  @Option(help: ArgumentHelp("Folder with the tokenizer.json of a model from scratch.", valueName: "folder"))
  var tokenizer: String?
  @Option(help: ArgumentHelp("The token that ends a response, for a model from scratch.", valueName: "token"))
  var eosToken = "<|endoftext|>"
  @Option(help: ArgumentHelp("Most tokens of prompt and response, for a Llama from scratch, 8 or more.", valueName: "n"))
  var contextLength = 512
  @OptionGroup var chat: ChatFlags

  /// - Parameter resuming: a resumed run starts from its own checkpoint.
  func validate(resuming: Bool) throws {
    try requireRange("--context-length", contextLength, 8...1_000_000)
    if let blocks { try requireRange("--blocks", blocks, 1...1000) }
    if resuming { return }
    if (model == nil) == (preset == nil) {
      throw ValidationError("Give --model, or --preset with --tokenizer for a model from scratch.")
    }
    if preset != nil, tokenizer == nil { throw ValidationError("--preset needs --tokenizer, the folder of a tokenizer.json.") }
    if preset == nil, blocks != nil {
      throw ValidationError("--blocks is for a model from scratch, --preset; a model of a folder has the blocks it has.")
    }
  }

  /// All but the weights of the policy that these options describe.
  func outline() throws -> PolicyOutline {
    if let model { return try PolicyOutline(folder: model, chatTemplate: chat.chatTemplate) }
    let tokenizer = try Tokenizer(folder: tokenizer!)
    guard let end = tokenizer.id(of: eosToken) else {
      throw DataError(
        self.tokenizer!, "the tokenizer has no token \(eosToken) to end responses with; name one with --eos-token.",
        category: .configuration)
    }
    let configuration = preset!.configuration(
      vocabularySize: tokenizer.vocabularySize, endOfSequence: end, contextLength: contextLength, blockCount: blocks)
    return PolicyOutline(
      new: configuration, family: preset!.family, tokenizer: tokenizer, chatTemplate: chat.chatTemplate)
  }

  var resolved: JSON.Object {
    var object = JSON.Object()
    object["model"] = model.map { .string($0) } ?? .null
    object["preset"] = preset.map { .string($0.rawValue) } ?? .null
    object["blocks"] = blocks.map { .init($0) } ?? .null
    object["chat_template"] = chat.resolved
    return object
  }
}
