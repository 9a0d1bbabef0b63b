import Foundation

/// A pair of answers with what a judge predicted and what people said.
public struct JudgedPair: Sendable, Equatable {
  /// The judge's p(chosen ≻ rejected), from 0 to 1.
  public var prediction: Double
  /// People's p(chosen ≻ rejected), from 0 to 1.
  public var label: Double
  /// In characters, which are Unicode scalars.
  public var chosenLength: Int
  /// Likewise.
  public var rejectedLength: Int
  /// What was answered. Pairs with one prompt are not independent of one another.
  public var prompt: String

  /// - Precondition: prediction and label are probabilities.
  public init(prediction: Double, label: Double, chosenLength: Int, rejectedLength: Int, prompt: String) {
    precondition((0...1).contains(prediction) && (0...1).contains(label))
    self.prediction = prediction
    self.label = label
    self.chosenLength = chosenLength
    self.rejectedLength = rejectedLength
    self.prompt = prompt
  }

  /// The same, with the lengths of these texts.
  public init(prediction: Double, label: Double, chosen: String, rejected: String, prompt: String) {
    self.init(
      prediction: prediction, label: label, chosenLength: chosen.unicodeScalars.count,
      rejectedLength: rejected.unicodeScalars.count, prompt: prompt)
  }

  /// Whether the judge's verdict is people's: 1 or 0, ½ where the prediction is ½. Nil where people are undecided (label ½),
  /// for then no verdict is right.
  public var correctness: Double? { Self.correctness(of: prediction, label: label) }

  /// `correctness` of a judge who prefers the longer answer whatever it says, and does not know where both are equally long.
  public var correctnessOfLength: Double? {
    Self.correctness(of: chosenLength > rejectedLength ? 1 : chosenLength < rejectedLength ? 0 : 0.5, label: label)
  }

  /// `correctness` of any prediction.
  static func correctness(of prediction: Double, label: Double) -> Double? {
    if label == 0.5 { return nil }
    if prediction == 0.5 { return 0.5 }
    return (prediction > 0.5) == (label > 0.5) ? 1 : 0
  }

  /// −y log p − (1 − y) log(1 − p) for the label y and the prediction p, in nats. A prediction nearer to 0 or 1 than 10⁻⁷ counts
  /// as that near: models compute in single precision, which can tell no more, and one rounded certainty should not make
  /// a mean infinite.
  public var logLoss: Double { Self.logLoss(of: prediction, label: label) }

  /// `logLoss` of any prediction.
  static func logLoss(of prediction: Double, label: Double) -> Double {
    let p = min(max(prediction, 1e-7), 1 - 1e-7)
    return -label * log(p) - (1 - label) * log(1 - p)
  }

  /// (p − y)²
  public var squaredError: Double { (prediction - label) * (prediction - label) }
}
