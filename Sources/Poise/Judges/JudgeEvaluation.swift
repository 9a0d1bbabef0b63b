import PoiseModel

/// preliminary
public struct JudgeEvaluation {
  public var text: String
  public init(_ judge: JudgeModel, on comparisons: [RecordedComparison], pool: WorkerPool) {
    let annotator: any Annotator = judge.kind == .reward ? RewardAnnotator(RewardModelRewarder(judge, pool: pool)) : PreferenceModelAnnotator(judge, pool: pool)
    let p = try! annotator.preferences(comparisons.map(\.comparison))
    text = "n \(p.count) accuracy \(Agreement.mean(p, comparisons.map(\.preference))) log loss \(Agreement.logLoss(p, comparisons.map(\.preference)))"
  }
}
