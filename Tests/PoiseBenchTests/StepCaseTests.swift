import PoiseBench
import PoiseModel
import Testing

@Suite struct StepCaseTests {
  /// Steps that a quick look includes run twice in a row, and say what they cannot do without.
  @Test(arguments: StepCase.all.filter(\.isQuick))
  func stepsCanBeRepeated(step: StepCase) throws {
    let prepared = step.prepare(WorkerPool(workerCount: 1))
    for _ in 0..<2 { try prepared.run() }
    let work = prepared.work
    #expect(work.operations > 1e6 && work.exponentials > 0 && work.bytes > 0 && prepared.workingSet > 0)
  }

  @Test func stepsHaveNamesOfTheirOwn() {
    #expect(Set(StepCase.all.map(\.description)).count == StepCase.all.count)
  }
}
