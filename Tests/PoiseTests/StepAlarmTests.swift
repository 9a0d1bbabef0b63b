import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

@Suite struct StepAlarmTests {
  /// What is said of steps with these norms and divergences, by step.
  private func warnings(_ steps: [(norm: Double, divergence: Double)]) -> [Int: String] {
    var said: [Int: String] = [:]
    let policy = TinyTrainer.supervised().policy
    var step = 0
    let alarm = StepAlarm(policy.parameters, policy.transformer.parameterLayout) { said[step] = $0 }
    for (norm, divergence) in steps {
      step += 1
      if step == 1 {
        var first = policy.parameters[writingElements: 0..<1]
        first[0] += 1
      }
      var record = StepRecord(
        step: step, epoch: 0, loss: 0, learningRate: 1e-3, gradientNorm: norm, tokenCount: 0, entropy: 0, responseLength: 20,
        preference: nil, times: .init(), exampleCount: 1, stepTokenCount: 20)
      record.sampling = .init(
        sequenceDivergence: divergence, exactDivergence: divergence, endedShare: 1, samplingGap: 0, logMixturePartition: 0,
        mixture: 0)
      alarm.look(at: record)
    }
    return said
  }

  @Test func aGradientFarAboveItsMedianIsTold() {
    let calm = (0..<20).map { (norm: 1 + 0.1 * Double($0 % 3), divergence: 1.0) }
    #expect(warnings(calm + [(10.9, 1)] + calm).isEmpty)
    let said = warnings(calm + [(12, 1), (50, 1)] + calm)
    #expect(said.keys.sorted() == [21])
    #expect(said[21]!.contains("step 21 the gradient's norm is 12, more than 10 times its median of 1.1 over the last 20 steps"))
    #expect(warnings([(1, 1), (100, 1)]).isEmpty)  // two steps are no habit
  }

  @Test func aPolicyThatRunsAwayIsToldAgainAfterAWhile() {
    let said = warnings((0..<120).map { (1, $0 < 4 ? 10 : 10.5) })
    #expect(said.keys.sorted() == [5, 55, 105])
    #expect(said[5]!.contains("10.5 nats a response from its reference, 0.53 a token"))
  }

  @Test func aFirstStepThatMovesNothingIsTold() throws {
    var said: [String] = []
    let trainer = TinyTrainer.supervised()
    let (parameters, layout) = (trainer.policy.parameters, trainer.policy.transformer.parameterLayout)
    let moving = StepAlarm(parameters, layout) { said.append($0) }
    var record = try trainer.step()
    moving.look(at: record)
    #expect(said.isEmpty)
    let still = StepAlarm(parameters, layout) { said.append($0) }
    still.look(at: record)
    still.look(at: record)
    #expect(said.count == 1 && said[0].contains("step 1 moved no parameter: the learning rate of"), "\(said)")
    record.gradientNorm = 0
    StepAlarm(parameters, layout) { said.append($0) }.look(at: record)
    #expect(said.count == 2 && said[1].contains("its gradient is zero"), "\(said)")
  }
}
