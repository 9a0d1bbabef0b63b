import Foundation
import Poise
import PoiseFiles

/// One live line on a terminal: step, loss, preference, KL, speed, time left. Silent elsewhere.
final class ProgressLine {
  private let label: String
  private let total: Int
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var firstStep: Int?

  init(_ label: String, total: Int, quiet: Bool) {
    self.label = label
    self.total = total
    isShown = Console.errorIsTerminal && !quiet
  }

  func show(_ record: StepRecord) {
    guard isShown else { return }
    let first = firstStep ?? record.step - 1
    firstStep = first
    var parts = ["\(label) \(record.step)/\(total)", "loss \(record.loss.formatted(decimals: 4))"]
    if let preference = record.preference {
      parts.append("margin \(preference.margin.formatted(decimals: 3))")
    }
    if let sampling = record.sampling { parts.append("KL \(sampling.exactDivergence.formatted(decimals: 3))") }
    if let accuracy = record.judge?.accuracy { parts.append("accuracy \(accuracy.formatted(decimals: 3))") }
    parts.append("\((Double(record.stepTokenCount) / record.times.total).formatted(decimals: 0)) tokens/s")
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let left = elapsed / Double(record.step - first) * Double(total - record.step)
    parts.append("\(Self.clock(left)) left")
    // Carriage return and "erase to the end of the line": control, not colour.
    FileHandle.standardError.write(Data("\r\(parts.joined(separator: " · "))\u{1B}[K".utf8))
  }

  /// Leaves the terminal at the start of an empty line.
  func finish() {
    if isShown, firstStep != nil { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }

  static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
