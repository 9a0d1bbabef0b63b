/// What a transformer is made of, and what of it is trained: all its parameters, or adapters beside frozen ones. Enough to plan
/// memory by.
public struct TransformerForm: Sendable {
  public let configuration: TransformerConfiguration
  /// Nil where all parameters are trained.
  public let adapters: AdapterLayout?

  public init(_ configuration: TransformerConfiguration, adapters: AdapterLayout? = nil) {
    self.configuration = configuration
    self.adapters = adapters
  }

  /// Where what is trained lies: the layout of policies, references, gradients and moments.
  package var trainedLayout: Layout { adapters?.layout ?? ParameterLayout(configuration).layout }
}
