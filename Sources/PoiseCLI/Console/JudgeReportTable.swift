import Poise
import PoiseFiles

/// A judge's report for people: accuracies with their intervals, then what else is known, then the verdict in a sentence.
struct JudgeReportTable {
  let report: JudgeReport

  var text: String { ((report.accuracy == nil ? [] : [accuracies]) + [quantities, verdict]).joined(separator: "\n\n") }

  private var accuracies: String {
    var table = TextTable(["held-out agreement", "accuracy", "95 % interval", "judge's gain", "95 % interval"])
    func row(_ name: String, _ accuracy: BootstrapInterval?, gain: BootstrapInterval?) {
      guard let accuracy else { return }
      table.add([name] + cells(accuracy) + (gain.map(cells) ?? ["", ""]))
    }
    row("this judge", report.accuracy, gain: nil)
    row("longer wins", report.longerWins, gain: report.gainOverLength)
    row("bag of words", report.bagOfWords, gain: report.gainOverBagOfWords)
    return table.text
  }

  private func cells(_ interval: BootstrapInterval) -> [String] {
    let (low, high) = (interval.range.lowerBound, interval.range.upperBound)
    return [interval.mean.formatted(decimals: 3), "\(low.formatted(decimals: 3)) to \(high.formatted(decimals: 3))"]
  }

  private var quantities: String {
    var table = TextTable(["pairs", "prompts", "log loss", "Brier", "calibration error", "antisymmetry", "cyclic triples"])
    func cell(_ value: Double?) -> String { value?.formatted(decimals: 4) ?? "–" }
    table.add([
      String(report.pairs), String(report.prompts), cell(report.logLoss), cell(report.brierScore),
      cell(report.calibrationError), cell(report.meanAsymmetry), cell(report.cyclicShare),
    ])
    return table.text
  }

  /// Whether the transformer was worth it: by its gain over the better baseline, pair by pair, which is surer than what two accuracies
  /// have between them.
  private var verdict: String {
    let baselines = [
      ("longer wins", report.longerWins, report.gainOverLength),
      ("the bag of words", report.bagOfWords, report.gainOverBagOfWords),
    ]
    let known = baselines.compactMap { name, accuracy, gain in
      accuracy.flatMap { accuracy in gain.map { (name: name, accuracy: accuracy.mean, gain: $0.range) } }
    }
    guard let accuracy = report.accuracy, let better = known.max(by: { $0.accuracy < $1.accuracy }) else {
      return "No held-out pair is decided, so there is no agreement to report."
    }
    let numbers = "\(accuracy.mean.formatted(decimals: 3)) against \(better.accuracy.formatted(decimals: 3)) of \(better.name)"
    let drawn = accuracy.unit == .prompts ? "other prompts" : "other pairs of these prompts"
    if better.gain.lowerBound > 0 {
      return "The judge is better than both baselines: \(numbers). Intervals speak of \(drawn)."
    }
    if better.gain.upperBound >= 0 {
      return
        "The judge cannot be told from the better baseline: \(numbers), and the interval of its gain holds 0. Intervals speak of "
        + "\(drawn)."
    }
    return "The judge is worse than a baseline that needs no transformer: \(numbers). Do not train on what it says; give it more "
      + "data, or start from a model that knows the language."
  }
}
