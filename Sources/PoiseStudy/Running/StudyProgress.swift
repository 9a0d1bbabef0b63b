/// How far a study is. What is left is estimated by the updates that are left, at the pace of those that are made.
public struct StudyProgress: Sendable {
  public private(set) var stage = ""
  /// Commands or comparisons of this stage, and those of them that are done.
  public private(set) var stageCount = 0
  public private(set) var stageDone = 0
  /// Shares of the whole, in updates or what takes as long.
  private var doneWeight = 0.0
  private var stageWeight = 0.0
  private let wholeWeight: Double
  /// Seconds that commands have taken, in this process and earlier ones.
  private var spent = 0.0

  init(_ study: Study) {
    let steps = Double(study.steps)
    let answering = steps / 20
    let settings = study.methods.reduce(0) { $0 + $1.settings.count }
    let searched = Double(settings * study.conditions.count) * (steps + answering * Double(study.checkpointSteps.count))
    let compared = Double(study.methods.count * study.conditions.count * study.seedCount) * (steps + 2 * answering)
    wholeWeight = 7 * steps * Double(study.tasks.count) + searched + compared
  }

  mutating func note(_ stage: String, _ jobs: [StudyJob], done: Int, spent: Double) {
    (self.stage, stageCount, stageDone, self.spent) = (stage, jobs.count, done, spent)
    stageWeight = jobs.isEmpty ? 0 : jobs.reduce(0) { $0 + $1.weight } * Double(done) / Double(jobs.count)
  }

  /// Between commands.
  mutating func noteJudging(_ done: Int, of count: Int) { (stage, stageCount, stageDone) = ("judging", count, done) }

  mutating func finish(_ jobs: [StudyJob]) {
    doneWeight += jobs.reduce(0) { $0 + $1.weight }
    stageWeight = 0
  }

  /// From 0 to 1.
  public var share: Double { min((doneWeight + stageWeight) / wholeWeight, 1) }

  /// Seconds of work left, of one command at a time; nil where nothing is known yet.
  public var secondsLeft: Double? {
    let done = doneWeight + stageWeight
    return done > 0 ? spent / done * max(wholeWeight - done, 0) : nil
  }
}
