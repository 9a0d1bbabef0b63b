import Synchronization

/// What arenas are for.
package enum MemoryPurpose: Int, CaseIterable, Sendable {
  /// Of policies, references and judges, and copies that are kept of them.
  case parameters
  case gradients
  /// The optimiser's.
  case moments
  /// Of training passes.
  case activations
  /// Keys and values of decoding, with its activations and logits.
  case caches
}

/// Bytes of the arenas that were made while a profile was taken, by purpose.
final class MemoryAccount: Sendable {
  private struct Bytes {
    var current = Array(repeating: 0, count: MemoryPurpose.allCases.count)
    var peaks = Array(repeating: 0, count: MemoryPurpose.allCases.count)
  }

  private let bytes = Mutex(Bytes())

  func add(_ count: Int, for purpose: MemoryPurpose) {
    bytes.withLock {
      $0.current[purpose.rawValue] += count
      $0.peaks[purpose.rawValue] = max($0.peaks[purpose.rawValue], $0.current[purpose.rawValue])
    }
  }

  var current: [Int] { bytes.withLock(\.current) }
  var peaks: [MemoryPurpose: Int] {
    let peaks = bytes.withLock(\.peaks)
    return Dictionary(uniqueKeysWithValues: MemoryPurpose.allCases.map { ($0, peaks[$0.rawValue]) })
  }
}

/// Runs `body`, whose arenas serve a purpose that a profile tells apart.
func planned<Result>(_ purpose: MemoryPurpose, _ body: () -> Result) -> Result {
  guard let ledger = Ledger.current else { return body() }
  let outer = ledger.pointee.purpose
  ledger.pointee.purpose = purpose
  defer { ledger.pointee.purpose = outer }
  return body()
}

/// An arena's entry in the account of the profile it was made under.
struct MemoryEntry: Sendable {
  private let account: MemoryAccount
  private let purpose: MemoryPurpose
  private let byteCount: Int

  /// Nil where no profile is taken.
  init?(byteCount: Int) {
    guard let ledger = Ledger.current else { return nil }
    account = ledger.pointee.profiler.account
    purpose = ledger.pointee.purpose
    self.byteCount = byteCount
    account.add(byteCount, for: purpose)
  }

  func remove() { account.add(-byteCount, for: purpose) }
}
