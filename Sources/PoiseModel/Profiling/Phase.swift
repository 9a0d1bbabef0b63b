/// What a training step is made of, in the order it happens. The innermost code of the engine serves several of them, so the
/// outermost mark names the phase: the forward pass of a judge that annotates is `annotate`.
package enum Phase: UInt8, CaseIterable, Sendable {
  /// Before and after training; not part of any profile.
  case outside
  /// Drawing responses.
  case sample
  /// Asking which responses are preferred.
  case annotate
  /// The trunk, from tokens to the rows that the head sees; of the reference too, where it is evaluated beside the policy.
  case forward
  /// Logits, log-probabilities and the objective.
  case loss
  /// From the objective's coefficients to gradients: the head's, then the trunk's.
  case backward
  /// Adding up the gradients of shards.
  case reduce
  /// Norm, clipping, optimiser.
  case update
  /// Looks at held-out data and earlier policies.
  case evaluate
  /// Metrics and checkpoints.
  case write
  /// A pass over shards, around what its workers do: packing and waiting. Its time belongs to forward, loss and backward.
  case pass
  /// What no mark names.
  case other

  /// Whether code that is marked as `inner` begins a phase of its own here.
  func yields(to inner: Phase) -> Bool {
    switch self {
    case .outside: inner == .other
    case .other: inner != .other
    case .pass: Phase.ofPasses.contains(inner)
    default: false
    }
  }

  /// What the workers do between them during a pass.
  static let ofPasses: [Phase] = [.forward, .loss, .backward]
}

/// Where in a model something happens; in the order of a forward pass.
package struct Layer: Sendable, Hashable, Comparable {
  let index: Int

  /// Outside the model's layers.
  package static let none = Layer(index: 0)
  package static let embedding = Layer(index: 1)
  /// All of it.
  package static let encoder = Layer(index: 2)
  /// Deeper blocks are told together with the last that has a row of its own.
  package static func block(_ block: Int) -> Layer { Layer(index: 3 + min(block, mostBlocks - 1)) }
  /// The final norm and everything behind it.
  package static let head = Layer(index: 3 + mostBlocks)

  private static let mostBlocks = 64
  static let count = 4 + mostBlocks

  package static func < (a: Layer, b: Layer) -> Bool { a.index < b.index }

  package var name: String {
    switch self {
    case .none: "outside layers"
    case .embedding: "embedding"
    case .encoder: "encoder"
    case .head: "head"
    case .block(Self.mostBlocks - 1): "block \(Self.mostBlocks - 1) and deeper"
    default: "block \(index - 3)"
    }
  }
}

/// A phase and a layer: where time is charged to.
struct ProfileScope: Sendable {
  var phase: Phase
  var layer: Layer
}
