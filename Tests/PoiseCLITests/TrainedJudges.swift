import PoiseFiles

/// Judges that the commands have made from ``TrainedModel``, once for all tests: two steps each.
struct TrainedJudges {
  let trained: TrainedModel
  /// Comparisons to learn from, and others of unseen posts.
  let preferences: String
  let unseen: String
  let reward: String
  let preference: String

  static let shared = Result { try TrainedJudges() }

  private init() throws {
    trained = try TrainedModel.shared.get()
    let folder = trained.folder.path
    (preferences, unseen) = ("\(folder)/preferences.jsonl", "\(folder)/unseen.jsonl")
    (reward, preference) = ("\(folder)/reward", "\(folder)/preference")
    let make = ["data", "make", "--kind", "preferences"]
    for arguments in [
      make + ["--count", "40", "--out", preferences], make + ["--count", "12", "--split", "held-out", "--out", unseen],
      arguments("reward", out: reward), arguments("preference", out: preference),
    ] {
      let result = try PoiseProcess(arguments)
      guard result.status == 0 else { throw DataError(arguments[0], result.errors) }
    }
  }

  /// Two steps of `poise reward` or `poise preference`, of which the judge is looked at after each.
  func arguments(_ kind: String, out: String) -> [String] {
    [
      kind, "--model", trained.model, "--data", preferences, "--steps", "2", "--batch-size", "4", "--evaluate-every", "1",
      "--checkpoint-every", "1", "--out", out,
    ]
  }
}
