import Foundation
import Synchronization

/// SIGINT and SIGTERM: the first asks the current command to stop at the next step, a second one ends it at once.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// From now on signals are noted instead of ending the process.
  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interruption.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
    unblock()
  }

  /// A parent that starts programs from a worker thread hands its blocked signals down to them.
  private static func unblock() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// 130 after SIGINT, 143 after SIGTERM.
  static var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }
}
