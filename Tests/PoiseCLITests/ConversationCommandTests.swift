import Foundation
import PoiseFiles
import Testing

/// Conversational data through the commands, with a model whose folder has a chat template, one whose folder has none, and one whose
/// template is beyond Poise.
@Suite struct ConversationCommandTests {
  let trained: TrainedModel
  let folder: TemporaryFolder
  let prompts: String
  let examples: String
  let pairs: String

  init() throws {
    trained = try TrainedModel.shared.get()
    folder = try TemporaryFolder()
    func message(_ role: String, _ content: String) -> JSON { ["role": .string(role), "content": .string(content)] }
    func lines(_ line: (Int) -> JSON) -> String { (0..<6).map { line($0).line + "\n" }.joined() }
    func question(_ index: Int) -> JSON { message("user", "How many is \(index)?") }
    prompts = try folder.file("prompts.jsonl", lines { ["prompt": [message("system", "Count."), question($0)]] })
    examples = try folder.file("examples.jsonl", lines { ["messages": [question($0), message("assistant", "It is \($0).")]] })
    pairs = try folder.file(
      "pairs.jsonl",
      lines {
        ["prompt": [question($0)], "chosen": [message("assistant", "It is \($0).")], "rejected": [message("assistant", "No.")]]
      })
  }

  /// The trained model with this template.
  private func model(_ template: String) throws -> String {
    let model = try trained.copy(into: folder)
    try Files.replace("\(model)/chat_template.jinja", with: template)
    return model
  }

  private static let template =
    "{% for m in messages %}{{ '<' + m.role + '>' + m.content + '<|endoftext|>' }}{% endfor %}"
    + "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"

  private func training(_ command: [String], model: String, out: String) -> [String] {
    command + ["--model", model, "--steps", "1", "--batch-size", "2", "--out", "\(folder.path)/\(out)", "--quiet"]
  }

  private func chatTemplate(_ out: String) throws -> JSON? {
    try Files.readJSON("\(folder.path)/\(out)/tokenizer_config.json")["chat_template"]
  }

  @Test func everyCommandReadsConversations() throws {
    let model = try model(Self.template)
    try PoiseProcess.succeed(training(["sft", "--data", examples], model: model, out: "sft"))
    #expect(try chatTemplate("sft") == .string(Self.template))
    try PoiseProcess.succeed(training(["train", "dpo", "--offline", "--data", pairs], model: model, out: "dpo"))
    for kind in ["reward", "preference"] {
      try PoiseProcess.succeed(training([kind, "--data", pairs, "--validation-share", "0.5"], model: model, out: kind))
      let online = [
        "train", "ipo", "--prompts", prompts, "--annotator", "\(kind):\(folder.path)/\(kind)", "--max-new-tokens", "4",
      ]
      try PoiseProcess.succeed(training(online, model: model, out: "online-\(kind)"))
    }
    let policy = "\(folder.path)/online-reward"
    let sampled = try PoiseProcess.succeed(
      "sample", "--model", policy, "--prompts", prompts, "--max-new-tokens", "4", "--json")
    let answers = try sampled.records()
    #expect(answers.count == 6 && answers[2]["prompt"]?.array?[1]["content"] == "How many is 2?")
    #expect(answers[2]["completion"]?.array?[0]["role"] == "assistant")
    // What was sampled is data again, and the policy says of it what it said before.
    let scored = try PoiseProcess.succeed(
      "score", "--model", policy, "--input", try folder.file("answers.jsonl", sampled.output), "--json")
    for (answer, score) in zip(answers, try scored.records()) {
      #expect(abs(answer["logp"]!.double! - score["logp"]!.double!) < 1e-4)
    }
    let rewards = try PoiseProcess.succeed("score", "--reward", "\(folder.path)/reward", "--input", examples, "--json")
    #expect(try rewards.records().count == 6)
  }

  /// Policies with different templates are asked the same questions.
  @Test func policiesOfDifferentTemplatesAreCompared() throws {
    let (first, second) = (try model(Self.template), try trained.copy(into: folder, name: "other"))
    try Files.replace("\(second)/chat_template.jinja", with: "{% for m in messages %}{{ m.content }}{% endfor %}")
    let judge = try folder.file("judge.sh", "while read -r line; do echo '{\"preference\": 1}'; done\n")
    let compared = try PoiseProcess.succeed(
      "compare", "--policy", "a=\(first)", "--policy", "b=\(second)", "--prompts", prompts, "--judge", "command:sh \(judge)",
      "--max-new-tokens", "4", "--json", "--quiet")
    #expect(try compared.records()[0]["ties"] == 6)
  }

  @Test func aTemplateCanBeNamedAndIsSaved() throws {
    let model = try trained.copy(into: folder)
    let sft = training(["sft", "--data", examples], model: model, out: "sft")
    let refused = try PoiseProcess(sft)
    #expect(refused.status == 78)
    #expect(
      refused.errors
        == "poise: \(examples), line 1: this is a conversation, and the model has no chat template to write it by. Name one of chatml, "
        + "llama2, llama3, zephyr with --chat-template, or apply the template yourself and give text or ids.\n")
    #expect(!folder.contents.contains("sft"))
    try PoiseProcess.succeed(sft + ["--chat-template", "chatml"])
    #expect(try chatTemplate("sft")?.string?.contains("<|im_start|>") == true)
    _ = try PoiseProcess.succeed("sample", "--model", "\(folder.path)/sft", "--prompts", prompts, "--max-new-tokens", "2")
    try PoiseProcess.succeed(
      training(["reward", "--data", pairs], model: model, out: "reward") + ["--chat-template", "zephyr"])
    #expect(try chatTemplate("reward")?.string?.contains("im_start") == false)
    let unknown = try PoiseProcess(sft + ["--chat-template", "alpaca"])
    #expect(unknown.status == 64 && unknown.errors.contains("alpaca"))
  }

  @Test func aTemplateBeyondPoiseIsRefusedByName() throws {
    let model = try model("{% macro say(m) %}{{ m }}{% endmacro %}")
    _ = try PoiseProcess.succeed("sample", "--model", model, "--prompts", trained.prompts, "--max-new-tokens", "2")
    let result = try PoiseProcess(["sample", "--model", model, "--prompts", prompts])
    #expect(result.status == 78 && result.errors.contains("line 1: the model's chat template cannot be followed here: "))
    #expect(result.errors.contains("the statement `macro` is not known here (line 1)"))
  }

  @Test func aTemplateMayRefuseAConversation() throws {
    let model = try model("{{ raise_exception('no system messages') if messages[0].role == 'system' }}")
    let result = try PoiseProcess(["sample", "--model", model, "--prompts", prompts])
    #expect(result.status == 65)
    #expect(
      result.errors == "poise: \(prompts), line 1: the model's chat template refuses this conversation: no system messages\n")
  }

  @Test func conversationsAreChecked() throws {
    let plain = try PoiseProcess.succeed("data", "check", examples, "--json").records()[0]
    #expect(plain["kind"] == "completions" && plain["records"] == 6 && plain["lengths"]?["prompt"]?["max"] == 14)
    let model = try model(Self.template)
    let written = try PoiseProcess.succeed("data", "check", examples, "--tokenizer", model, "--json").records()[0]
    #expect(written["unit"] == "tokens" && written["lengths"]!["prompt"]!["max"]!.int! > 14)
    #expect(try PoiseProcess(["data", "check", examples, "--chat-template", "chatml"]).status == 64)
  }

  @Test func aPlanKnowsConversations() throws {
    let model = try trained.copy(into: folder)
    let line = ["train", "dpo", "--offline", "--model", model, "--data", pairs, "--out", "\(folder.path)/x"]
    #expect(try PoiseProcess(["doctor", "--plan"] + line).status == 78)
    try PoiseProcess.succeed(["doctor", "--plan"] + line + ["--chat-template", "llama3"])
  }
}
