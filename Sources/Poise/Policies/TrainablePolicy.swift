import PoiseModel

/// What a trainer needs of a policy: a model, its parameters, and what its tokens say to an annotator.
public protocol TrainablePolicy: Sendable {
  associatedtype Model: LanguageModel

  var languageModel: Model { get }
  var parameters: Arena { get }
  func text(of response: [Int32]) -> String
}

/// Something that is trained and can be kept in a folder.
public protocol SavableModel {
  var transformer: Transformer { get }
  /// What is trained of it, in the transformer's ``Transformer/parameterLayout``.
  var parameters: Arena { get }
  func save(folder: String) throws
}

/// A policy over enumerable responses, whose texts are token ids. Its optima are known, so training can be checked against them.
public struct TabularPolicy: TrainablePolicy {
  public let languageModel: TabularModel
  public let parameters: Arena

  /// Uniform at every context.
  public init(_ model: TabularModel) {
    languageModel = model
    parameters = Arena(model.parameterLayout)
  }

  public func text(of response: [Int32]) -> String { response.map(String.init).joined(separator: " ") }
}
