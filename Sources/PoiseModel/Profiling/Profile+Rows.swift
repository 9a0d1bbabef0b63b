/// How a profile is told.
package enum ProfileView: String, CaseIterable, Sendable {
  case phase, layer, kernel
}

extension Profile {
  /// What a phase took, or a layer or kernel in it.
  package struct Row: Sendable {
    package var phase: Phase
    /// Nil where layers are not told apart; so the activity.
    package var layer: Layer?
    package var activity: Activity?
    package var calls = 0
    /// Of wall time.
    package var nanoseconds = 0.0
    package var operations = 0
    package var bytes = 0
    package var exponentials = 0
    /// Least time the counted work could take.
    package var leastNanoseconds = 0.0
    /// Of the wall time of training.
    package var share = 0.0

    package var gigaflops: Double { Double(operations) / max(nanoseconds, 1) }
    package var gigabytesPerSecond: Double { Double(bytes) / max(nanoseconds, 1) }
    package var fractionOfLimit: Double { leastNanoseconds / max(nanoseconds, 1) }
  }

  /// Rows whose shares add up to 1: phases in the order of a step; layers and kernels within their phase, layers in the order of
  /// the model, kernels the longest first.
  package func rows(by view: ProfileView, under ceiling: ProfileCeiling) -> [Row] {
    var rows: [Key: Row] = [:]
    for cell in cells {
      let key = Key(
        phase: cell.phase, layer: view == .layer ? cell.layer : nil, activity: view == .kernel ? cell.activity : nil)
      rows[key, default: Row(phase: key.phase, layer: key.layer, activity: key.activity)].add(cell, ceiling, of: nanoseconds)
    }
    return rows.values.sorted {
      ($0.phase.rawValue, $0.layer ?? .none, -$0.nanoseconds) < ($1.phase.rawValue, $1.layer ?? .none, -$1.nanoseconds)
    }
  }

  private struct Key: Hashable {
    var phase: Phase
    var layer: Layer?
    var activity: Activity?
  }
}

extension Profile.Row {
  fileprivate mutating func add(_ cell: Profile.Cell, _ ceiling: ProfileCeiling, of total: Double) {
    if counts(cell) { calls += cell.calls }
    nanoseconds += cell.nanoseconds
    operations += cell.operations
    bytes += cell.bytes
    exponentials += cell.exponentials
    leastNanoseconds += ceiling.nanoseconds(
      calls: cell.calls, bytes: cell.bytes, operations: cell.operations, exponentials: cell.exponentials)
    share += cell.nanoseconds / total
  }

  /// Calls of a kernel's row are those of the kernel; of a phase or layer, how often it began.
  private func counts(_ cell: Profile.Cell) -> Bool {
    if let activity { return activity != .between }
    return cell.activity == .between && (layer != nil ? true : cell.layer == .none)
  }
}
