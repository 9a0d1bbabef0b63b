import PoiseKernels
import PoiseRandom

/// A transformer, with or without an encoder, as a function: configuration and plans, no parameters. Policy, reference and
/// gradients are arenas of the one ``parameterLayout`` that are passed in.
///
/// Where adapters are trained, those arenas hold adapters, and the function holds the frozen parameters that they stand beside:
/// one set for policy and reference, for passes and decoders.
public final class Transformer: LanguageModel {
  public let form: TransformerForm
  /// Where every weight lies, frozen or not.
  public let parameters: ParameterLayout
  /// Where what is trained lies.
  public let parameterLayout: Layout
  /// What adapters stand beside; nil where all parameters are trained.
  let frozen: Arena?

  public var configuration: TransformerConfiguration { form.configuration }
  public var vocabularySize: Int { configuration.vocabularySize }
  public var endOfSequence: [Int] { configuration.endOfSequence }
  public var decodesExactly: Bool { true }
  public var reading: HeadReading { configuration.reading }

  /// All of whose parameters are trained.
  ///
  /// - Precondition: `configuration.problem` is nil.
  public convenience init(_ configuration: TransformerConfiguration) {
    self.init(TransformerForm(configuration), frozen: nil)
  }

  /// Of whose parameters none is trained, but adapters beside them.
  ///
  /// - Parameters:
  ///   - base: the transformer that they adapt, all of whose parameters are trained.
  ///   - frozen: its parameters.
  public convenience init(adapting base: Transformer, frozen: Arena, _ adapters: AdapterLayout) {
    precondition(frozen.count == base.parameterLayout.count)
    self.init(TransformerForm(base.configuration, adapters: adapters), frozen: frozen)
  }

  private init(_ form: TransformerForm, frozen: Arena?) {
    precondition(form.configuration.problem == nil && (form.adapters == nil) == (frozen == nil))
    self.form = form
    self.frozen = frozen
    parameters = ParameterLayout(form.configuration)
    parameterLayout = form.trainedLayout
  }

  /// The weights that an arena of ``parameterLayout`` stands for.
  func weights(_ trained: Arena, _ scratch: ActivationLayout.Adapters?) -> Weights {
    guard let layout = form.adapters, let frozen, let scratch else { return Weights(parameters: trained) }
    return Weights(parameters: frozen, adapters: Adapters(layout: layout, values: trained, scratch: scratch))
  }

  public func makeWorkspace(capacity: WorkspaceCapacity, backward: Bool, reference: Bool) -> Workspace {
    planned(.activations) { Workspace(self, capacity: capacity, backward: backward, reference: reference) }
  }

  public func makeDecoders(_ count: Int, capacity: DecoderCapacity) -> [Decoder] {
    let layout = DecoderLayout(form, capacity: capacity)
    let weights = planned(.parameters) { DecodingWeights(self, scratch: layout.activations.adapters) }
    return planned(.caches) { (0..<count).map { _ in Decoder(self, weights: weights, layout, capacity: capacity) } }
  }

  /// Fresh parameters: gains 1, biases 0, weights normal with the configuration's deviation; the products that write into the
  /// residual stream are scaled by 1/√(2L) (Radford et al. 2019), so that its variance does not grow with depth. With an encoder,
  /// deviations are T5's (Raffel et al. 2020): embeddings 1, products 1/√inputs, queries 1/√D of that where scores are not
  /// scaled. A scalar head is 0: it has no opinion.
  ///
  /// Fresh adapters add nothing: B is 0, and A uniform within ±1/√inputs, as PEFT has it.
  public func initialParameters(seed: UInt64) -> Arena {
    if let adapters = form.adapters { return adapters.initialValues(seed: seed) }
    let arena = Arena(parameters.layout)
    for (index, tensor) in parameters.layout.tensors.enumerated() where !tensor.name.hasSuffix("bias") {
      if configuration.head == .scalar, tensor == parameters.head { continue }
      var generator = CounterGenerator(seed, UInt64(index))
      let isGain = tensor.name.hasSuffix("gain")
      let deviation = Double(configuration.initializationDeviation) * initialDeviation(of: tensor)
      var values = arena[writing: tensor]
      for element in values.indices { values[element] = isGain ? 1 : Float(generator.normal() * deviation) }
    }
    return arena
  }

  /// The factor of the configuration's deviation.
  private func initialDeviation(of tensor: Tensor) -> Double {
    let c = configuration
    guard c.encoder != nil else {
      let writesResidual = tensor.name.hasSuffix("output.weight") || tensor.name.hasSuffix("down.weight")
      return writesResidual ? 1 / (2 * Double(c.blockCount)).squareRoot() : 1
    }
    if tensor == parameters.embedding { return 1 }
    let inputs = tensor.name.hasSuffix("relative_biases.weight") ? c.width : tensor.columns
    let isUnscaledQuery = tensor.name.hasSuffix("query.weight") && !c.scalesScores
    return 1 / Double(isUnscaledQuery ? inputs * c.headSize : inputs).squareRoot()
  }
}
