import PoiseObjectives
import Testing

@Suite struct PreferenceLabelsTests {
  static let preferences = [0, 0.3, 0.5, 0.51, 1]

  @Test func softLabelsAreThePreferenceAndArgmaxOnesTheMajority() {
    for preference in Self.preferences {
      for uniform in [0, 0.4, 0.999] { #expect(PreferenceLabels.soft.label(preference, uniform: uniform) == preference) }
    }
    #expect(Self.preferences.map { PreferenceLabels.argmax.label($0, uniform: 0.9) } == [0, 0, 0.5, 1, 1])
  }

  /// Over a regular grid of uniforms exactly the fraction p of labels is 1.
  @Test(arguments: [0, 0.25, 0.375, 0.5, 1]) func bernoulliLabelsAreADrawOfThePreference(_ preference: Double) {
    let labels = (0..<64).map { PreferenceLabels.bernoulli.label(preference, uniform: Double($0) / 64) }
    #expect(labels.allSatisfy { [0, 1].contains($0) })
    #expect(labels.reduce(0, +) / 64 == preference)
    #expect(PreferenceLabels.bernoulli.label(1, uniform: 1.0.nextDown) == 1)
  }

  /// The label of every kind, told the other way round with probability ε.
  @Test(arguments: PreferenceLabels.Kind.allCases) func smoothingComesAfterTheKind(_ kind: PreferenceLabels.Kind) {
    for preference in Self.preferences {
      for uniform in [0.0, 0.4, 0.7] {
        let label = PreferenceLabels(kind).label(preference, uniform: uniform)
        for smoothing in [0, 0.125, 0.5] {
          let found = PreferenceLabels(kind, smoothing: smoothing).label(preference, uniform: uniform)
          expectClose(found, (1 - smoothing) * label + smoothing * (1 - label))
        }
        #expect(PreferenceLabels(kind, smoothing: 0).label(preference, uniform: uniform) == label)
      }
    }
    #expect(PreferenceLabels(.argmax, smoothing: 0.125).label(0.9, uniform: 0) == 0.875)
    #expect(PreferenceLabels(.soft, smoothing: 0.25).label(0.75, uniform: 0) == 0.625)
  }

  @Test func namesAreThoseOfTheCommandLine() {
    #expect(PreferenceLabels.Kind.allCases.map(\.rawValue) == ["soft", "bernoulli", "argmax"])
    #expect([PreferenceLabels.soft, .bernoulli, .argmax].map(\.kind) == PreferenceLabels.Kind.allCases)
  }
}
