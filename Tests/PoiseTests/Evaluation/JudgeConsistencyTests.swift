import Poise
import PoiseRandom
import Testing

@Suite struct JudgeConsistencyTests {
  @Test func asymmetryIsWhatBothOrdersDisagreeBy() {
    let predictions = [
      BothOrdersPrediction(forth: 0.75, back: 0.25), BothOrdersPrediction(forth: 0.75, back: 0.75),
      BothOrdersPrediction(forth: 0.25, back: 0.5),
    ]
    #expect(predictions.map(\.asymmetry) == [0, 0.5, 0.25])
    #expect(JudgeConsistency.meanAsymmetry(predictions) == 0.25)
    #expect(JudgeConsistency.meanAsymmetry([]) == nil)
  }

  @Test(arguments: [
    (0.6, 0.6, 0.6, true), (0.4, 0.1, 0.3, true), (0.6, 0.6, 0.4, false), (0.6, 0.6, 0.5, false), (0.5, 0.5, 0.5, false),
  ])
  func triplesAreCyclicWhereTheyGoRound(ab: Double, bc: Double, ca: Double, isCyclic: Bool) {
    #expect(PreferenceTriple(ab: ab, bc: bc, ca: ca).isCyclic == isCyclic)
    #expect(PreferenceTriple(ab: bc, bc: ca, ca: ab).isCyclic == isCyclic)
    #expect(PreferenceTriple(ab: 1 - ca, bc: 1 - bc, ca: 1 - ab).isCyclic == isCyclic)
  }

  @Test func scoresAreNeverCyclicAndCoinsAreAQuarterOfTheTime() {
    var random = CounterGenerator(2)
    let scored = (0..<500).map { _ in
      let scores = (random.normal(), random.normal(), random.normal())
      func p(_ a: Double, _ b: Double) -> Double { a > b ? 0.8 : 0.2 }
      return PreferenceTriple(ab: p(scores.0, scores.1), bc: p(scores.1, scores.2), ca: p(scores.2, scores.0))
    }
    #expect(JudgeConsistency.cyclicShare(scored) == 0)
    let coins = (0..<4_000).map { _ in PreferenceTriple(ab: random.uniform(), bc: random.uniform(), ca: random.uniform()) }
    // Two of eight outcomes; five standard deviations of 0.0068.
    #expect(abs(JudgeConsistency.cyclicShare(coins)! - 0.25) < 0.035)
    #expect(JudgeConsistency.cyclicShare([]) == nil)
  }
}
