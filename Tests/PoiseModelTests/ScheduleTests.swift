import PoiseModel
import Testing

@Suite struct ScheduleTests {
  @Test(arguments: Schedule.Shape.allCases) func theWarmUpGrowsToTheRate(_ shape: Schedule.Shape) {
    let schedule = Schedule(rate: 8, warmupSteps: 4, shape: shape, totalSteps: 12, floor: 0.25)
    #expect((0..<5).map { schedule.rate(at: $0) } == [2, 4, 6, 8, 8])
  }

  @Test func theShapesMeetTheirCorners() {
    func rates(_ shape: Schedule.Shape, floor: Double = 0.25) -> [Double] {
      let schedule = Schedule(rate: 8, warmupSteps: 4, shape: shape, totalSteps: 12, floor: floor)
      return [4, 8, 12, 100].map { schedule.rate(at: $0) }
    }
    #expect(rates(.constant) == [8, 8, 8, 8])
    #expect(rates(.linear) == [8, 5, 2, 2])
    #expect(rates(.linear, floor: 0) == [8, 4, 0, 0])
    for (found, expected) in zip(rates(.cosine), [8.0, 5, 2, 2]) { #expect(abs(found - expected) < 1e-14) }
  }

  @Test func noWarmUpStartsAtTheRate() {
    #expect(Schedule(rate: 3, totalSteps: 10).rate(at: 0) == 3)
    #expect(Schedule(rate: 3, shape: .linear, totalSteps: 0).rate(at: 0) == 3)
  }
}
