import PoiseFiles

/// What makes one checkpoint of a run better than another: a metric's mean over the steps since the checkpoint before, as far as they
/// recorded it.
public enum CheckpointCriterion: String, CaseIterable, Sendable {
  case loss
  case heldOutLoss = "eval/loss"
  case heldOutAccuracy = "eval/accuracy"
  case rewardAccuracy = "rewards/accuracies"
  case score = "objective/scores"
  case startWinRate = "winrate/start"
  case gap = "nash/gap"

  private var isBetterSmall: Bool {
    switch self {
    case .loss, .heldOutLoss, .gap: true
    case .heldOutAccuracy, .rewardAccuracy, .score, .startWinRate: false
    }
  }

  /// The first of the best ones, and its value; nil where none has one.
  func best(of checkpoints: [Checkpoint]) -> (checkpoint: Checkpoint, value: Double)? {
    let valued = checkpoints.compactMap { checkpoint in value(of: checkpoint).map { (checkpoint: checkpoint, value: $0) } }
    let sign = isBetterSmall ? 1.0 : -1
    return valued.min { sign * $0.value < sign * $1.value }
  }

  private static let key = "metrics"

  private func value(of checkpoint: Checkpoint) -> Double? { (try? checkpoint.description())?[Self.key]?[rawValue]?.double }

  /// The mean of a metric since the last checkpoint.
  struct Mean {
    let criterion: CheckpointCriterion
    private var sum = 0.0
    private var count = 0

    init(_ criterion: CheckpointCriterion) { self.criterion = criterion }

    mutating func add(_ record: JSON) {
      guard let value = record[criterion.rawValue]?.double else { return }
      sum += value
      count += 1
    }

    /// Notes the mean in what a checkpoint says of itself, where there is one, and begins anew.
    mutating func note(in description: inout JSON.Object) {
      if count > 0 { description[CheckpointCriterion.key] = [criterion.rawValue: .init(sum / Double(count))] }
      self = Mean(criterion)
    }
  }
}
