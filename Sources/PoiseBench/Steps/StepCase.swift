import Poise
import PoiseKernelCases
import PoiseModel

/// A whole step of something, to be timed.
public struct StepCase: Sendable, CustomStringConvertible {
  public let name: String
  /// The model and the tokens.
  public let shape: String
  /// False where the step belongs to one thread.
  public let isParallel: Bool
  /// Whether a quick look includes it.
  public let isQuick: Bool
  public let prepare: @Sendable (WorkerPool) -> PreparedStep

  public var description: String { "\(name) \(shape)" }

  public static let all = training + decoding + heads
}

/// A step with everything in memory.
public struct PreparedStep {
  public let run: () throws -> Void
  /// Of all threads together.
  public let work: Work
  /// Bytes that the step goes through, at least: parameters, and what training keeps beside them.
  public let workingSet: Double
}

/// The vocabulary of the presets' steps.
let vocabularySize = 1_024

extension Preset {
  /// A model from scratch whose responses never end early, so that every step is alike.
  func policy() -> Policy {
    var configuration = configuration(vocabularySize: vocabularySize, endOfSequence: 0, contextLength: 256)
    configuration.endOfSequence = []
    return Policy(model: StoredModel(new: configuration, seed: 1), tokenizer: nil)
  }
}

/// Another sequence for every seed.
func tokens(_ count: Int, seed: Int, vocabularySize: Int = vocabularySize) -> [Int32] {
  (0..<count).map { Int32(1 + ($0 * 271 + seed * 97) % (vocabularySize - 1)) }
}
