import PoiseFiles
import Testing

@testable import PoiseModel

/// A saved model that a test changes before it is read again.
struct EditableModel {
  let folder: TemporaryFolder
  var config: JSON.Object
  /// Name, shape and elements of every stored tensor.
  var tensors: [(name: String, shape: [Int], values: [Float])]

  static let llama = TransformerCase.llama.configuration
  static let gpt2 = TransformerCase.gpt2.configuration
  static let t5 = TransformerCase.t5.configuration
  /// T5 v1.1: a gate, a head of its own, nothing scaled.
  static let gatedT5: TransformerConfiguration = {
    var configuration = t5
    configuration.activation = .geluGate
    configuration.tiesHead = false
    configuration.scalesHeadInput = false
    return configuration
  }()

  init(_ configuration: TransformerConfiguration, _ family: ModelFamily) throws {
    folder = try TemporaryFolder()
    let model = StoredModel(new: configuration, family: family, seed: 1)
    model.parameters.copy(from: model.transformer.randomParameters(seed: 2))
    try model.save(folder: folder.path)
    config = try #require(try Files.readJSON(folder.path + "/config.json").object)
    let weights = try SafeTensorsCollection(folder: folder.path)
    tensors = try weights.names.map { ($0, weights.tensors[$0]!.shape, try weights.floats($0)) }
  }

  /// Writes the model as it is now and reads it.
  func load() throws -> StoredModel {
    try Files.replace(folder.path + "/config.json", with: JSON.object(config).page)
    let stored = tensors.map { tensor in
      SafeTensorsWriter.Tensor(tensor.name, shape: tensor.shape) { try $0.write(array: tensor.values) }
    }
    try SafeTensorsWriter.write(stored, to: folder.path + "/model.safetensors")
    return try StoredModel(folder: folder.path)
  }

  func index(of name: String) throws -> Int { try #require(tensors.firstIndex { $0.name == name }) }
}
