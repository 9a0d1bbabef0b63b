import PoiseFiles

/// What became of the rows of published data: `poise data import`.
public struct ImportReport: Sendable {
  /// Some of the pairs, in figures.
  public struct Part: Sendable, Equatable {
    /// How many.
    public let pairs: Int
    /// Different ones.
    public let prompts: Int
    /// Pairs that an earlier pair of this part is too, in either order: people were asked again, and may have said the opposite.
    public let repeated: Int
    /// The share of pairs in which the longer answer, in Unicode scalars, is the preferred one; equally long ones count half. Nil
    /// without pairs.
    public let longerWins: Double?

    init(_ pairs: [PublishedPair]) {
      self.pairs = pairs.count
      prompts = Set(pairs.map { ExactString($0.prompt) }).count
      repeated = pairs.count - Set(pairs.map { Self.content($0) }).count
      longerWins = pairs.isEmpty ? nil : pairs.reduce(0) { $0 + $1.longerWins } / Double(pairs.count)
    }

    /// The same for both orders of the answers.
    private static func content(_ pair: PublishedPair) -> [ExactString] {
      [ExactString(pair.prompt)] + [ExactString(pair.chosen), ExactString(pair.rejected)].sorted()
    }

    var json: JSON {
      [
        "pairs": JSON(pairs), "prompts": JSON(prompts), "repeated": JSON(repeated),
        "longer_wins": longerWins.map { JSON($0) } ?? .null,
      ]
    }
  }

  public let format: PublishedFormat
  /// Rows read.
  public let rows: Int
  /// All reasons of the format, also those that no row had, in the order in which they were looked for.
  public let skipped: [(reason: SkipReason, rows: Int)]
  /// The pairs of both sides.
  public let kept: Part
  /// The pairs to learn from.
  public let training: Part
  /// The pairs to be judged by.
  public let heldOut: Part

  /// - Parameters:
  ///   - published: what was read.
  ///   - training: its pairs on one side of a split.
  ///   - heldOut: those on the other.
  public init(
    _ format: PublishedFormat, _ published: PublishedPairs, training: [PublishedPair], heldOut: [PublishedPair]
  ) {
    self.format = format
    rows = published.rowCount
    skipped = format.reasons.map { ($0, published.skipped[$0] ?? 0) }
    kept = Part(published.pairs)
    self.training = Part(training)
    self.heldOut = Part(heldOut)
  }

  /// One object with all counts, for programs.
  public var json: JSON {
    var reasons = JSON.Object()
    for (reason, rows) in skipped { reasons[reason.rawValue] = JSON(rows) }
    return [
      "format": .string(format.rawValue), "rows": JSON(rows), "skipped": .object(reasons), "kept": kept.json,
      "training": training.json, "held_out": heldOut.json,
    ]
  }
}
