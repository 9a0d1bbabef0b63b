import Poise
import PoiseKernelCases
import PoiseModel

/// Forward, backward and update. Prompts of 96 tokens, responses of 32.
extension StepCase {
  static let training = [
    supervised(.tiny, batchSize: 16), supervised(.small, batchSize: 8), online("onlineIPOStep", .ipo, .tiny, batchSize: 8),
    online("onlineIPOStep", .ipo, .small, batchSize: 4), online("onlineIPOMDStep", .ipoMD, .tiny, batchSize: 8),
  ]

  private static func supervised(_ preset: Preset, batchSize: Int) -> StepCase {
    let shape = "\(preset.rawValue), \(batchSize)×(\(promptLength)+\(responseLength)) tokens"
    return StepCase(name: "supervisedStep", shape: shape, isParallel: true, isQuick: preset == .tiny) { pool in
      let policy = preset.policy()
      let groups = (0..<4 * batchSize).map {
        TokenGroup(prompt: tokens(promptLength, seed: $0), responses: [tokens(responseLength, seed: 1_000 + $0)])
      }
      let trainer = SupervisedTrainer(policy, groups: groups, options: options(batchSize: batchSize), pool: pool)
      let work = TransformerWork(policy.transformer)
      let rows = TransformerWork.Rows(groups: batchSize, prompt: promptLength, responses: 1, length: responseLength)
      return PreparedStep(
        run: { _ = try trainer.step() }, work: work.forwardAndBackward(rows) + work.update, workingSet: 4 * work.parameterBytes)
    }
  }

  /// Sampling two responses a prompt, from the mixture with the reference where the algorithm wants that, otherwise the reference's
  /// opinion of them, and the step of the loss.
  private static func online(_ name: String, _ algorithm: Algorithm.Name, _ preset: Preset, batchSize: Int) -> StepCase {
    let shape = "\(preset.rawValue), \(batchSize)×(\(promptLength)+2×\(responseLength)) tokens"
    return StepCase(name: name, shape: shape, isParallel: true, isQuick: preset == .tiny && algorithm == .ipo) { pool in
      let algorithm = Algorithm(algorithm)
      let policy = preset.policy()
      let prompts = (0..<4 * batchSize).map { Prompt(tokens: tokens(promptLength, seed: $0), text: "") }
      let trainer = OnlineTrainer(
        policy, reference: preset.policy().parameters, algorithm: algorithm, feedback: .preferences(FirstLetter()),
        prompts: prompts, sampling: SamplingOptions(maximumTokens: responseLength), options: options(batchSize: batchSize),
        pool: pool)
      let work = TransformerWork(policy.transformer)
      let rows = TransformerWork.Rows(groups: batchSize, prompt: promptLength, responses: 2, length: responseLength)
      // The reference reads what was sampled, or the mixture has decoded it.
      let (sampling, reference) = (work.forward(rows), work.forward(rows))
      return PreparedStep(
        run: { _ = try trainer.step() }, work: sampling + reference + work.forwardAndBackward(rows) + work.update,
        workingSet: 5 * work.parameterBytes)
    }
  }

  private static let promptLength = 96
  private static let responseLength = 32

  private static func options(batchSize: Int) -> TrainingOptions {
    TrainingOptions(
      steps: 1_000_000, batchSize: batchSize, schedule: Schedule(rate: 1e-4, totalSteps: 1_000_000), optimizer: .adamW(), seed: 1)
  }
}

/// An annotator that costs nothing.
private struct FirstLetter: Annotator {
  let isAntisymmetric = true

  func preferences(_ comparisons: [Comparison]) -> [Double] {
    comparisons.map { $0.first == $0.second ? 0.5 : $0.first < $0.second ? 1 : 0 }
  }
}
