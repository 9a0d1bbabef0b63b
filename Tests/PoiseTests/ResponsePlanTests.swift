import Testing

@testable import Poise

@Suite struct ResponsePlanTests {
  private func pairs(_ plan: ResponsePlan) -> [[Int]] { plan.pairs.map { [$0.first, $0.second] } }

  @Test func whatIsDrawnAlikeMeetsEveryOther() {
    #expect(pairs(ResponsePlan(.alike(mixture: 0), responseCount: 2)) == [[0, 1]])
    #expect(pairs(ResponsePlan(.alike(mixture: 0.25), responseCount: 3)) == [[0, 1], [0, 2], [1, 2]])
    #expect(ResponsePlan(.alike(mixture: 0), responseCount: 5).pairs.count == 10)
    #expect(ResponsePlan(.alike(mixture: 0.25), responseCount: 3).mixtures == [0.25, 0.25, 0.25])
  }

  @Test func ofTwoSidesEachMeetsTheOther() {
    let plan = ResponsePlan(.against(mixture: 0.125), responseCount: 2)
    #expect(plan.mixtures == [0, 0.125])
    #expect(pairs(plan) == [[0, 1]])
    let odd = ResponsePlan(.against(mixture: 1), responseCount: 5)
    #expect(odd.mixtures == [0, 0, 0, 1, 1])
    #expect(pairs(odd) == [[0, 3], [0, 4], [1, 3], [1, 4], [2, 3], [2, 4]])
  }

  @Test func advantagesCompareARewardWithTheOthers() {
    #expect(RewardBaseline.leaveOneOut.advantages([1, 3]) == [-2, 2])
    #expect(RewardBaseline.leaveOneOut.advantages([1, 2, 6]) == [-3, -1.5, 4.5])
    #expect(RewardBaseline.mean.advantages([1, 2, 6]) == [-2, -1, 3])
    #expect(RewardBaseline.mean.advantages([5]) == [0])
  }
}
