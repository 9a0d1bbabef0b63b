import PoiseFiles
import Testing

@testable import PoiseModel

/// Models with a scalar head, in the layout of Hugging Face's sequence classifiers.
@Suite struct ScalarHeadCheckpointTests {
  private static let families: [(TransformerConfiguration, ModelFamily, String)] = [
    (EditableModel.llama, .llama, "LlamaForSequenceClassification"),
    (EditableModel.gpt2, .gpt2, "GPT2ForSequenceClassification"),
    (EditableModel.t5, .t5, "PoiseT5ForSequenceScoring"),
  ]

  private func elements(_ arena: Arena, _ tensor: Tensor) -> [UInt32] {
    let values = arena[tensor]
    return values.indices.map { values[$0].bitPattern }
  }

  @Test(arguments: families.indices)
  func theTrunkIsThePolicysAndTheHeadHasNoOpinion(_ index: Int) throws {
    let (configuration, family, architecture) = Self.families[index]
    var edited = try EditableModel(configuration, family)
    edited.config["quirk"] = ["depth": 3]
    let policy = try edited.load()
    let judge = policy.withScalarHead(try #require((["poise_judge": "reward", "note": 7] as JSON).object))

    var expected = configuration
    expected.head = .scalar
    #expect(judge.transformer.configuration == expected)
    for tensor in judge.transformer.parameterLayout.tensors {
      guard tensor.name != "head.weight" else {
        #expect(tensor.shape == [1, configuration.width])
        #expect(elements(judge.parameters, tensor).allSatisfy { $0 == 0 })
        continue
      }
      let own = try #require(policy.transformer.parameterLayout.tensors.first { $0.name == tensor.name })
      #expect(elements(judge.parameters, tensor) == elements(policy.parameters, own), "\(tensor.name)")
    }
    var keys = edited.config
    keys["architectures"] = [.string(architecture)]
    keys["num_labels"] = 1
    keys["poise_judge"] = "reward"
    keys["note"] = 7
    #expect(judge.config == .object(keys))
    #expect(policy.config == .object(edited.config))
  }

  @Test(arguments: families.indices)
  func whatIsSavedIsLoaded(_ index: Int) throws {
    let (configuration, family, architecture) = Self.families[index]
    let judge = StoredModel(new: configuration, family: family, seed: 4).withScalarHead()
    judge.parameters.copy(from: judge.transformer.randomParameters(seed: 5))
    let folder = try TemporaryFolder()
    try judge.save(folder: folder.path)

    let weights = try SafeTensorsCollection(folder: folder.path)
    #expect(weights.tensors["score.weight"]?.shape == [1, configuration.width])
    #expect(weights.tensors["lm_head.weight"] == nil)
    let config = try Files.readJSON(folder.path + "/config.json")
    #expect(config["architectures"] == [.string(architecture)] && config["num_labels"] == 1)

    let loaded = try StoredModel(folder: folder.path)
    #expect(loaded.transformer.configuration == judge.transformer.configuration)
    #expect(loaded.transformer.configuration.head == .scalar)
    #expect(loaded.config == judge.config)
    for tensor in judge.transformer.parameterLayout.tensors {
      #expect(elements(loaded.parameters, tensor) == elements(judge.parameters, tensor), "\(tensor.name)")
    }
  }

  @Test func classifiersOfSeveralLabelsAreRefused() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.tensors.remove(at: try model.index(of: "lm_head.weight"))
    model.tensors.append(("score.weight", [2, 16], Array(repeating: 0.5, count: 32)))
    let error = try #require(#expect(throws: DataError.self) { try model.load() })
    #expect(error.category == .configuration)
    #expect(error.description.contains("a classifier of 2 labels (score.weight in the weights)"), "\(error)")
  }

  @Test func aHeadOfAnotherWidthIsRefused() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.tensors.remove(at: try model.index(of: "lm_head.weight"))
    model.tensors.append(("score.weight", [1, 8], Array(repeating: 0.5, count: 8)))
    let error = try #require(#expect(throws: CheckpointError.self) { try model.load() })
    #expect(error.description.contains("score.weight has shape [1, 8] where [1, 16]"), "\(error)")
  }

  /// Both heads in one file: nobody can say which is meant.
  @Test func aModelWithBothHeadsIsRefused() throws {
    var model = try EditableModel(EditableModel.llama, .llama)
    model.tensors.append(("score.weight", [1, 16], Array(repeating: 0.5, count: 16)))
    let error = try #require(#expect(throws: DataError.self) { try model.load() })
    #expect(error.category == .configuration)
    #expect(error.description.contains("lm_head.weight"))
  }
}
