import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

@Suite struct CheckGradientsTests {
  @Test func everyTensorOfASmallModelIsListedAndAgrees() throws {
    let folder = try TemporaryFolder()
    let configuration = TransformerConfiguration(
      vocabularySize: 5, contextLength: 16, width: 4, blockCount: 1, headCount: 2, keyValueHeadCount: 1, feedForwardWidth: 4,
      endOfSequence: [0])
    try StoredModel(new: configuration, seed: 1).save(folder: folder.path)
    let records = try PoiseProcess.succeed("check-gradients", folder.path, "--json", "--quiet").records()
    let tensors = Transformer(configuration).parameters.layout.tensors
    #expect(records.map { $0["tensor"]?.string } == tensors.map(\.name))
    #expect(records.map { $0["shape"] } == tensors.map { JSON($0.shape) })
    #expect(records.allSatisfy { $0["relative_error"]!.double! < 1e-3 && $0["numeric"]!.double! > 0 })
  }

  @Test func shrinkingKeepsTheParts() {
    var large = GradientCheck.gpt2
    large.vocabularySize = 50_257
    large.contextLength = 1_024
    large.width = 768
    large.blockCount = 12
    large.headCount = 12
    large.keyValueHeadCount = 4
    large.headSize = 64
    large.feedForwardWidth = 3_072
    large.endOfSequence = [50_256]
    let small = GradientCheck.shrunk(large)
    #expect(small.problem == nil)
    #expect(small.headCount == 6 && small.keyValueHeadCount == 2 && small.headSize == 6 && small.width == 24)
    #expect(small.normalization == .layer && small.positions == .learned && small.biases == large.biases)
  }

  @Test func theWorstGradientIsReported() throws {
    func row(_ tensor: String, _ error: Double) -> GradientCheck.Row {
      .init(tensor: tensor, shape: [2], analytic: 1, numeric: 1, relativeError: error)
    }
    #expect(WrongGradientError("model", [row("a", 1e-3), row("b", 1e-7)]) == nil)
    let error = try #require(WrongGradientError("model", [row("a", 1e-7), row("b", 0.25), row("c", 0.01)]))
    #expect(error.category.rawValue == 70)
    #expect(
      error.description.hasPrefix(
        "The gradient of b in the model is wrong on this machine: its relative error is 0.25, more than"))
    #expect(WrongGradientError("model", [row("a", .nan), row("b", 0.25)])?.row.tensor == "a")
  }
}
