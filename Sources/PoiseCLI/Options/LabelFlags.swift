import ArgumentParser
import PoiseObjectives

extension PreferenceLabels.Kind: ExpressibleByArgument {
  /// The majority has two names in use.
  public init?(argument: String) { self.init(rawValue: argument == "hard" ? Self.argmax.rawValue : argument) }
}

/// What a loss is told of a preference.
struct LabelFlags: ParsableArguments {
  @Option(help: "soft (the preference itself), bernoulli (drawn with that probability) or argmax (the majority; also: hard).")
  var labels = PreferenceLabels.Kind.soft

  @Option(help: ArgumentHelp("How likely a label is the wrong way round, a probability from 0 to 0.5.", valueName: "epsilon"))
  var labelSmoothing = 0.0

  func validate() throws { try requireRange("--label-smoothing", labelSmoothing, 0...0.5) }

  var value: PreferenceLabels { PreferenceLabels(labels, smoothing: labelSmoothing) }
}
