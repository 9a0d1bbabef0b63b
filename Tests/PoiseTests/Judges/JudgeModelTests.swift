import PoiseFiles
import PoiseModel
import PoiseText
import Testing

@testable import Poise

/// Judges in folders, and how they read what they judge.
@Suite struct JudgeModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  // MARK: Folders

  @Test(arguments: JudgeModel.Kind.allCases)
  func whatIsSavedIsLoaded(_ kind: JudgeModel.Kind) throws {
    var policy = TinyJudge.policy()
    policy.tokenizerConfig = ["tokenizer_class": "PreTrainedTokenizerFast", "quirk": 3]
    let judge = try TinyJudge.opinionated(kind, policy)
    try judge.save(folder: folder.path + "/judge")
    let loaded = try JudgeModel(kind, folder: folder.path + "/judge")
    let isEqual = loaded.parameters.bits == judge.parameters.bits
    #expect(isEqual && loaded.kind == kind)
    #expect(loaded.tokenizer.json == judge.tokenizer.json)
    #expect(try Files.readJSON(folder.path + "/judge/tokenizer_config.json") == policy.tokenizerConfig)
    let config = try Files.readJSON(folder.path + "/judge/config.json")
    #expect(config["architectures"] == ["LlamaForSequenceClassification"] && config["num_labels"] == 1)
    #expect(config["poise_judge"] == .string(kind.rawValue))
    let pairs = TinyJudge.comparisons(4, seed: 1) { _, _ in 1 }
    #expect(try loaded.preferences(pairs) == judge.preferences(pairs))
  }

  @Test func aJudgeFromAPolicyWithoutATokenizerConfigGetsOne() throws {
    try TinyJudge.opinionated(.reward).save(folder: folder.path + "/judge")
    let config = try Files.readJSON(folder.path + "/judge/tokenizer_config.json")
    #expect(config["eos_token"] == "<|endoftext|>" && config["model_max_length"] == 32)
  }

  /// As other programs save sequence classifiers of one label.
  @Test func aClassifierThatSaysNothingElseIsARewardModel() throws {
    try saveJudge(.preference) { $0["poise_judge"] = nil }
    #expect(try JudgeModel(.reward, folder: judgePath).kind == .reward)
    #expect(try refusal { _ = try JudgeModel(.preference, folder: judgePath) }.contains("this is a reward model"))
  }

  @Test func aRunFolderIsReadAtItsNewestCheckpoint() throws {
    let run = RunFolder(folder.path + "/run")
    let trainer = try TinyJudge.trainer(
      try TinyJudge.opinionated(.reward), TinyJudge.comparisons(4, seed: 1) { _, _ in 1 }, options: TinyJudge.options(steps: 2))
    _ = try trainer.step()
    try Files.createDirectory(run.path)
    try run.save(trainer.judge, trainer, description: [:])
    Files.remove(run.path + "/config.json")
    let isEqual = try JudgeModel(.reward, folder: run.path).parameters.bits == trainer.judge.parameters.bits
    #expect(isEqual)
  }

  // MARK: Refusals

  private var judgePath: String { folder.path + "/judge" }

  private func saveJudge(_ kind: JudgeModel.Kind, _ edit: (inout JSON.Object) -> Void = { _ in }) throws {
    try TinyJudge.opinionated(kind).save(folder: judgePath)
    var config = try #require(try Files.readJSON(judgePath + "/config.json").object)
    edit(&config)
    try Files.replace(judgePath + "/config.json", with: JSON.object(config).page)
  }

  /// What is said of an unusable configuration.
  private func refusal(_ body: () throws -> Void) throws -> String {
    let error = try #require(#expect(throws: (any Error).self, performing: body) as? any ExplainedError)
    #expect(error.category == .configuration)
    return error.description
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func aPolicyIsNoJudge(_ kind: JudgeModel.Kind) throws {
    let policy = folder.path + "/policy"
    try TinyJudge.policy().save(folder: policy)
    #expect(
      try refusal { _ = try Judge.annotator("\(kind.rawValue):\(policy)", pool: WorkerPool(workerCount: 1)) }
        == "\(policy)/config.json: this is a policy, which cannot judge. Train a judge from it with "
        + "`poise \(kind.rawValue) --model \(policy) …`.")
  }

  @Test(arguments: zip(JudgeModel.Kind.allCases, JudgeModel.Kind.allCases.reversed()))
  func aJudgeOfTheOtherKindIsRefused(_ kind: JudgeModel.Kind, _ other: JudgeModel.Kind) throws {
    try saveJudge(other)
    let said = try refusal { _ = try Judge.annotator("\(kind.rawValue):\(judgePath)", pool: WorkerPool(workerCount: 1)) }
    #expect(said.contains("this is a \(other.rawValue) model: name it as \(other.rawValue):\(judgePath)"), "\(said)")
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func aJudgeIsNoPolicy(_ kind: JudgeModel.Kind) throws {
    try saveJudge(kind)
    let said = try refusal { _ = try Policy(folder: judgePath) }
    #expect(said.contains("Use it as a judge or annotator, \(kind.rawValue):\(judgePath), and name a policy here."), "\(said)")
  }

  @Test func aKindThatNobodyKnowsIsRefused() throws {
    try saveJudge(.reward) { $0["poise_judge"] = "oracle" }
    let said = "poise_judge is \"oracle\"; \"reward\" or \"preference\" was expected."
    #expect(try refusal { _ = try JudgeModel(.reward, folder: judgePath) }.hasSuffix(said))
    #expect(try refusal { _ = try Policy(folder: judgePath) }.hasSuffix(said))
  }

  @Test func aTokenizerThatKnowsMoreThanTheModelIsRefused() throws {
    try saveJudge(.reward)
    let larger = try BytePairTrainer(vocabularySize: 400).train(on: (0..<200).map { " word\($0) word\($0)" })
    #expect(larger.vocabularySize == 400)
    try larger.save(folder: judgePath)
    let said = try refusal { _ = try JudgeModel(.reward, folder: judgePath) }
    #expect(said.contains("the tokenizer knows 400 tokens and the model \(TinyJudge.tokenizer.vocabularySize)"), "\(said)")
  }

  @Test func withoutATokenizerNothingCanBeJudged() throws {
    var wordless = TinyJudge.policy()
    wordless.tokenizer = nil
    #expect(throws: PolicyError.noTokenizerToJudgeWith) { try JudgeModel(.reward, startingFrom: wordless) }
    try saveJudge(.reward)
    Files.remove(judgePath + "/tokenizer.json")
    let error = #expect(throws: FileError.self) { try JudgeModel(.reward, folder: judgePath) }
    #expect(error?.category == .inputMissing && error?.description.contains("tokenizer.json") == true)
  }

  // MARK: Reading

  private func judge(_ kind: JudgeModel.Kind, contextLength: Int = 32) throws -> JudgeModel {
    try JudgeModel(kind, startingFrom: TinyJudge.policy(contextLength: contextLength))
  }

  private func tokens(_ text: String) -> [Int32] { TinyJudge.tokenizer.encode(text).map { Int32($0) } }

  private func words(_ count: Int, from first: Int = 0) -> String {
    TinyJudge.text((first..<first + count).map { TinyJudge.words[$0 % TinyJudge.words.count] })
  }

  /// Prompt, responses and whether anything was left out.
  private func read(
    _ judge: JudgeModel, _ prompt: String, _ first: String, _ second: String
  ) throws -> (group: TokenGroup, isCut: Bool) {
    var isCut = false
    return (try judge.group(Comparison(prompt: prompt, first: first, second: second), isCut: &isCut), isCut)
  }

  @Test func everyResponseEndsWithTheEndOfSequence() throws {
    let (prompt, first, second) = (tokens(" gnu"), tokens(" ant bee") + [0], tokens(" cat") + [0])
    #expect(first.count == 3 && second.count == 2)
    let reward = try read(judge(.reward), " gnu", " ant bee", " cat")
    #expect(reward.group == TokenGroup(prompt: prompt, responses: [first, second]) && !reward.isCut)
    let preference = try read(judge(.preference), " gnu", " ant bee", " cat")
    #expect(preference.group == TokenGroup(prompt: prompt, responses: [first + second, second + first]) && !preference.isCut)
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func emptyTextsAreRead(_ kind: JudgeModel.Kind) throws {
    let group = try read(judge(kind), "", "", "").group
    #expect(group.prompt == [0])
    #expect(group.responses.allSatisfy { $0 == (kind == .reward ? [0] : [0, 0]) })
  }

  @Test(arguments: JudgeModel.Kind.allCases)
  func aLongPromptLosesItsBeginning(_ kind: JudgeModel.Kind) throws {
    let (group, isCut) = try read(judge(kind), words(100), " ant", " bee")
    let responses = kind == .reward ? [[" ant"], [" bee"]] : [[" ant", " bee"], [" bee", " ant"]]
    #expect(group.responses == responses.map { $0.flatMap { tokens($0) + [0] } })
    #expect(group.prompt == tokens(words(100)).suffix(32 - group.responses[0].count))
    #expect(isCut)
  }

  /// Half the context is theirs, shared evenly where both are read together.
  @Test(arguments: JudgeModel.Kind.allCases)
  func longResponsesLoseTheirEnds(_ kind: JudgeModel.Kind) throws {
    let (group, isCut) = try read(judge(kind), words(100), words(60), words(60, from: 3))
    let kept = kind == .reward ? 15 : 7
    let (first, second) = (tokens(words(kept)) + [0], tokens(words(kept, from: 3)) + [0])
    #expect(group.responses == (kind == .reward ? [first, second] : [first + second, second + first]))
    #expect(group.prompt == tokens(words(100)).suffix(16))
    #expect(isCut)
  }

  /// What a short prompt leaves is for the responses.
  @Test func aResponseThatFitsBehindItsPromptIsNotCut() throws {
    let (group, isCut) = try read(judge(.reward), words(3), words(28), " ant")
    #expect(group.prompt == tokens(words(3)) && group.responses == [tokens(words(28)) + [0], tokens(" ant") + [0]])
    #expect(!isCut)
    let more = try read(judge(.reward), words(3), words(29), " ant")
    #expect(more.group.prompt == tokens(words(3)) && more.group.responses[0] == tokens(words(28)) + [0] && more.isCut)
  }

  @Test func whatIsCutIsCounted() throws {
    let pairs = [(words(2), " ant"), (words(50), " ant"), (words(2), words(40)), (words(1), words(5))].map { prompt, response in
      RecordedComparison(Comparison(prompt: prompt, first: response, second: " bee"), preference: 0.75)
    }
    for kind in JudgeModel.Kind.allCases {
      let (examples, cut) = try judge(kind).examples(pairs)
      #expect(cut == 2)
      #expect(examples.map(\.preference) == [0.75, 0.75, 0.75, 0.75])
      for example in examples { #expect(example.group.responses.allSatisfy { example.group.prompt.count + $0.count <= 32 }) }
    }
  }
}
