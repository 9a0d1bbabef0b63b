/// What arenas will take, said before there are any: bytes by what they are for, counted from the very layouts that arenas are
/// cut by. Whatever makes arenas says beside its initialiser what it would make, so a plan is a sum over the parts of a run.
///
/// Arenas are most of what a run takes, and all of it that options decide. Beside them there are the program, tokenizers and data.
package struct MemoryPlan: Sendable, Equatable {
  /// Arenas that are for one thing.
  package struct Item: Sendable, Equatable {
    /// `moments of the optimiser`
    package var name: String
    package var purpose: MemoryPurpose
    package var bytes: Int
  }

  /// Without those that take nothing.
  package private(set) var items: [Item] = []

  package init() {}

  /// - Parameter floats: of each of the `copies`.
  package init(_ name: String, _ purpose: MemoryPurpose, floats: Int, copies: Int = 1) {
    let bytes = floats * copies * MemoryLayout<Float>.stride
    if bytes > 0 { items = [Item(name: name, purpose: purpose, bytes: bytes)] }
  }

  /// One set of what is trained of a model.
  ///
  /// - Parameter owner: `the policy`
  package init(parametersOf owner: String, _ form: TransformerForm) {
    let kind = form.adapters == nil ? "parameters" : "adapters"
    self.init("\(kind) of \(owner)", .parameters, floats: form.trainedLayout.count)
  }

  /// What adapters stand beside; nothing where all parameters are trained.
  package init(frozenParametersOf form: TransformerForm) {
    self.init()
    guard form.adapters != nil else { return }
    self.init("frozen parameters", .parameters, floats: ParameterLayout(form.configuration).layout.count)
  }

  package var bytes: Int { items.reduce(0) { $0 + $1.bytes } }

  package func bytes(for purpose: MemoryPurpose) -> Int {
    items.reduce(0) { $0 + ($1.purpose == purpose ? $1.bytes : 0) }
  }

  package static func + (first: MemoryPlan, second: MemoryPlan) -> MemoryPlan {
    var sum = first
    sum += second
    return sum
  }

  package static func += (plan: inout MemoryPlan, other: MemoryPlan) { plan.items += other.items }
}
