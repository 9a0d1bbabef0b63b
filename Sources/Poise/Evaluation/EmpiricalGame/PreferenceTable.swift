/// How policies fare against each other, prompt by prompt: of every pair the judge's preference p(row ≻ column), asked in both
/// orders and averaged over samples. Preferences, not verdicts: their mean estimates what the game between the policies is made
/// of, P(π ≻ π′) = E p(y ≻ y′) with y from π and y′ from π′ drawn independently.
public struct PreferenceTable: Sendable, Equatable {
  /// Of the policies, n.
  public let names: [String]
  public let promptCount: Int
  /// (pairs, prompts), row-major; pairs in the order of ``pairs``.
  private let preferences: [Double]

  /// Every unordered pair once: (0, 1), (0, 2), … (1, 2), …
  var pairs: [(row: Int, column: Int)] { names.indices.flatMap { row in (row + 1..<names.count).map { (row, $0) } } }

  /// Asks the judge about every pair of policies at every prompt.
  ///
  /// - Parameters:
  ///   - texts: the responses by policy, by prompt, then by sample, of which all have as many. The samples of two policies with
  ///     the same number are compared, so they should have been drawn independently.
  ///   - prompts: at least one.
  /// - Throws: what the judge throws.
  public init(names: [String], texts: [[[String]]], prompts: [Question], judge: any Annotator) throws {
    precondition(names.count >= 2 && texts.count == names.count && !prompts.isEmpty)
    precondition(texts.allSatisfy { $0.allSatisfy { !$0.isEmpty } }, "a policy needs a response to every prompt")
    let comparing = SideBySide(judge: judge)
    self.names = names
    promptCount = prompts.count
    preferences = try names.indices.flatMap { row in
      try (row + 1..<names.count).flatMap { column in
        try comparing.preferences(texts[row], over: texts[column], prompts: prompts).map(\.mean)
      }
    }
  }

  /// The same for policies that have been sampled from.
  public init(_ contestants: [Contestant], prompts: [Prompt], judge: any Annotator) throws {
    try self.init(
      names: contestants.map(\.name), texts: contestants.map(\.texts), prompts: prompts.map(\.question), judge: judge)
  }

  /// The mean preference of every pair over all prompts.
  var means: [Double] { means(weights: Array(repeating: 1, count: promptCount)) }

  /// The same over prompts drawn with replacement.
  func resampledMeans(seed: UInt64, resample: Int) -> [Double] {
    var weights = Array(repeating: 0.0, count: promptCount)
    for prompt in Bootstrap.draws(promptCount, seed: seed, resample: resample) { weights[prompt] += 1 }
    return means(weights: weights)
  }

  /// - Parameter weights: by prompt; they add up to the number of prompts.
  private func means(weights: [Double]) -> [Double] {
    // The innermost loop of thousands of resamples: in unchecked buffers.
    preferences.withUnsafeBufferPointer { preferences in
      weights.withUnsafeBufferPointer { weights in
        stride(from: 0, to: preferences.count, by: weights.count).map { start in
          var sum = 0.0
          var prompt = 0
          while prompt < weights.count {
            sum += weights[prompt] * preferences[start + prompt]
            prompt += 1
          }
          return sum / Double(weights.count)
        }
      }
    }
  }

  /// (n, n): a matrix of what is given by pair, ½ on the diagonal.
  func matrix(_ byPair: [Double]) -> [[Double]] {
    var matrix = Array(repeating: Array(repeating: 0.5, count: names.count), count: names.count)
    for ((row, column), preference) in zip(pairs, byPair) {
      matrix[row][column] = preference
      matrix[column][row] = 1 - preference
    }
    return matrix
  }
}

extension [Double] {
  /// NaN of nothing.
  var mean: Double { reduce(0, +) / Double(count) }
}
