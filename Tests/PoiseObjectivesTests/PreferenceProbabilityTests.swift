import Foundation
import PoiseObjectives
import PoiseRandom
import Testing

@Suite struct PreferenceProbabilityTests {
  /// Numbers of all sizes in [0, 1], the ends and the smallest included.
  private func probabilities() -> [(Double, Double)] {
    var generator = CounterGenerator(1)
    let drawn = (0..<20_000).map { index in
      let scale = index % 2 == 0 ? 1 : pow(2, -60 * generator.uniform())
      return (generator.uniform(), scale * generator.uniform())
    }
    let ends = [0, 1, 0.5, .leastNonzeroMagnitude, 0.5.nextUp, 0.5.nextDown, 1.0.nextDown]
    return drawn + ends.flatMap { a in ends.map { (a, $0) } }
  }

  @Test func judgementsInBothOrdersSumToOneExactly() {
    for (a, b) in probabilities() {
      let forward = PreferenceProbability.symmetrized(forward: a, backward: b)
      let backward = PreferenceProbability.symmetrized(forward: b, backward: a)
      #expect(forward + backward == 1)
      #expect(1 - forward == backward && 1 - backward == forward)
      #expect((0...1).contains(forward))
      #expect(abs(forward - (a + 1 - b) / 2) <= 0x1p-52)
      #expect(a == b ? forward == 0.5 : (forward >= 0.5) == (a > b) || forward == 0.5)
    }
  }

  @Test func judgementsThatAlreadyAgreeAreKept() {
    for (a, _) in probabilities() {
      #expect(abs(PreferenceProbability.symmetrized(forward: a, backward: 1 - a) - a) <= 0x1p-53)
    }
    #expect(PreferenceProbability.symmetrized(forward: 1, backward: 0) == 1)
    #expect(PreferenceProbability.symmetrized(forward: 0, backward: 1) == 0)
    #expect(PreferenceProbability.symmetrized(forward: 0.875, backward: 0.25) == 0.8125)
  }

  @Test func rewardsGivePreferencesThatSumToOneExactly() {
    var generator = CounterGenerator(2)
    let drawn = (0..<20_000).map { _ in 8 * generator.normal() * pow(2, 8 * generator.uniform() - 4) }
    for margin in drawn + [0, 1e-300, 36, 37, 38, 500, 750, 1e9, .infinity] {
      let forward = PreferenceProbability.bradleyTerry(rewardMargin: margin)
      let backward = PreferenceProbability.bradleyTerry(rewardMargin: -margin)
      #expect(forward + backward == 1)
      #expect(1 - forward == backward && 1 - backward == forward)
      #expect((0...1).contains(forward) && (forward >= 0.5) == (margin >= 0) || forward == 0.5)
      #expect(abs(forward - 1 / (1 + exp(-margin))) <= 0x1p-52)
    }
    #expect(PreferenceProbability.bradleyTerry(rewardMargin: 0) == 0.5)
  }
}
