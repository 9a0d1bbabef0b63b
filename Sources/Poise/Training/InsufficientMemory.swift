import Foundation
import PoiseFiles
import PoiseModel

/// A run that would take more memory than there is, told before it takes any.
package struct InsufficientMemory: ExplainedError, Equatable {
  private let plan: MemoryPlan
  /// Bytes.
  private let available: Int

  /// Nil where the plan fits.
  package init?(_ plan: MemoryPlan, available: Int) {
    guard plan.bytes > available else { return nil }
    self.plan = plan
    self.available = available
  }

  package var category: FailureCategory { .configuration }

  package var description: String {
    let items = largest.map { "\($0.bytes.asMemory) for \($0.name)" }.joined(separator: ", ")
    var remedies: [String] = []
    for remedy in largest.flatMap(\.purpose.remedies) where !remedies.contains(remedy) { remedies.append(remedy) }
    return "The run would take \(plan.bytes.asMemory) of memory, and \(available.asMemory) are available. Most of it: \(items). "
      + "What helps: \(remedies.joined(separator: ", ")). Where the system could give more than it says, set "
      + "\(AvailableMemory.variable) to the bytes that the run may take."
  }

  /// At most three, without those that are of no account.
  private var largest: some Sequence<MemoryPlan.Item> {
    plan.items.filter { 20 * $0.bytes > plan.bytes }.sorted { $0.bytes > $1.bytes }.prefix(3)
  }
}

extension MemoryPlan {
  /// Refuses what does not fit the memory that is available.
  ///
  /// - Throws: ``InsufficientMemory``; `DataError` where the environment's limit is no number.
  package func requireAvailable() throws {
    if let refusal = InsufficientMemory(self, available: try AvailableMemory.bytes()) { throw refusal }
  }
}

extension MemoryPurpose {
  /// What a user can change to need less.
  fileprivate var remedies: [String] {
    switch self {
    case .parameters: ["a smaller model"]
    case .gradients: ["fewer --threads"]
    case .moments: ["--optimizer adafactor"]
    case .activations: ["a smaller --batch-size", "more --shards", "fewer --threads", "shorter texts"]
    case .caches: ["a smaller --batch-size", "fewer --responses", "a smaller --max-new-tokens"]
    }
  }
}

extension Int {
  /// Bytes, for people: `312.5 MiB`.
  package var asMemory: String {
    let (mebibytes, isLarge) = (Double(self) / Double(1 << 20), self >= 1 << 30)
    return isLarge ? "\((mebibytes / 1024).formatted(decimals: 1)) GiB" : "\(mebibytes.formatted(decimals: 1)) MiB"
  }
}
