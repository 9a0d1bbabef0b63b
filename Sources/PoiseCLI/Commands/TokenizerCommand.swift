import ArgumentParser
import Poise
import PoiseFiles
import PoiseText

/// `poise tokenizer`
struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Trains tokenizers.", subcommands: [TokenizerTrainCommand.self])
}

/// `poise tokenizer train`
struct TokenizerTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Learns a byte-level BPE vocabulary from text.",
    discussion: "Writes a tokenizer.json that Hugging Face tokenizers and `poise sft --tokenizer` read.")

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Files to learn from: JSON Lines (.jsonl, .jsonl.gz) of prompt, completion, text, chosen, rejected; others are plain text.",
      valueName: "file"))
  var data: [String]
  @Option(help: ArgumentHelp("Tokens to end with, 257 or more: 256 bytes, the special tokens, merges.", valueName: "n"))
  var vocabularySize = 1_024
  @Option(
    help: ArgumentHelp(
      "How often a pair occurs that becomes a token, 2 or more: more leaves rare names in parts, as unseen ones will be.",
      valueName: "n"))
  var minFrequency = 2
  @Option(help: ArgumentHelp("A token that is never part of a word; repeatable. The first ends responses.", valueName: "token"))
  var specialToken = ["<|endoftext|>"]
  @Option(help: ArgumentHelp("Folder for tokenizer.json; made if it is not there.", valueName: "folder")) var out: String
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try requireRange("--vocabulary-size", vocabularySize, 257...1_000_000)
    try requireRange("--min-frequency", minFrequency, 2...1_000_000_000)
  }

  func run() throws {
    let texts = try data.flatMap { try TrainingTexts.read($0) }
    let tokenizer = try BytePairTrainer(
      vocabularySize: vocabularySize, specialTokens: specialToken, minimumPairCount: minFrequency
    ).train(on: texts)
    try Files.createDirectory(out)
    try tokenizer.save(folder: out)
    if tokenizer.vocabularySize < vocabularySize {
      common.note("The texts hold no more pairs that occur often enough: the vocabulary has \(tokenizer.vocabularySize) tokens.")
    }
    let (bytes, tokens) = texts.prefix(1_000).reduce((0, 0)) { ($0.0 + $1.utf8.count, $0.1 + tokenizer.encode($1).count) }
    let rate = (Double(bytes) / Double(max(tokens, 1))).formatted(decimals: 2)
    Console.result("\(out)/tokenizer.json: \(tokenizer.vocabularySize) tokens, \(rate) bytes a token on these texts.")
  }
}
