#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What repetitions of one piece of work took, in seconds a call.
public struct Timing: Sendable, Equatable {
  /// The number to quote: the median of the clean repetitions, or of the processor time where hardly any was clean.
  public var seconds: Double
  /// False where ``seconds`` is processor time.
  public var isWallTime: Bool
  public var repetitions: Int
  /// Repetitions in which the thread had its core to itself.
  public var clean: Int
  /// Calls a repetition.
  public var calls: Int
  /// Medians over all repetitions, and the shortest.
  public var wall: Double
  public var processor: Double
  public var shortest: Double
}

/// Times work that may be repeated. A repetition is clean when wall time and the process's processor time agree: then nobody else
/// had the core. The quoted median is over clean repetitions.
public struct Stopwatch: Sendable {
  /// Clean repetitions wanted.
  public var repetitions: Int
  /// Seconds after which fewer do.
  public var budget: Double
  /// Seconds of warming up, at least `warmUps` calls.
  public var warmUp: Double
  public var warmUps: Int
  /// Threads at work: processor time is that of all together.
  public var threads: Int

  /// A repetition is made of so many calls that it lasts a millisecond: clocks and interrupts then hardly count.
  private static let shortestRepetition = 1e-3

  public init(repetitions: Int = 31, budget: Double = 6, warmUp: Double = 0.15, warmUps: Int = 3, threads: Int = 1) {
    self.repetitions = repetitions
    self.budget = budget
    self.warmUp = warmUp
    self.warmUps = warmUps
    self.threads = threads
  }

  public func time(_ work: () throws -> Void) rethrows -> Timing {
    let calls = max(1, Int(Self.shortestRepetition / (try callDuration(work))))
    var (wall, processor, clean): ([Double], [Double], [Double]) = ([], [], [])
    let start = now()
    while true {
      let (processorStart, wallStart) = (processorTime(), now())
      for _ in 0..<calls { try work() }
      let (wallTime, processorTime) = (now() - wallStart, (processorTime() - processorStart) / Double(threads))
      wall.append(wallTime / Double(calls))
      processor.append(processorTime / Double(calls))
      if wallTime - processorTime < 0.02 * wallTime + 3e-5 { clean.append(wallTime / Double(calls)) }
      if clean.count >= repetitions || wall.count >= 12 * repetitions { break }
      let elapsed = now() - start
      if wall.count >= min(15, repetitions), elapsed > budget, clean.count >= 15 || elapsed > 1.5 * budget { break }
    }
    let isWallTime = threads > 1 || clean.count >= min(7, wall.count)
    return Timing(
      seconds: median(threads > 1 ? wall : isWallTime ? clean : processor), isWallTime: isWallTime, repetitions: wall.count,
      clean: clean.count, calls: calls, wall: median(wall), processor: median(processor), shortest: wall.min()!)
  }

  /// Warms up; returns the shortest call of the later half.
  private func callDuration(_ work: () throws -> Void) rethrows -> Double {
    let start = now()
    var durations: [Double] = []
    while durations.count < warmUps || (now() - start < warmUp && durations.count < 200) {
      let callStart = now()
      try work()
      durations.append(max(now() - callStart, 1e-9))
      if durations.last! > 2, durations.count >= 2 { break }
    }
    return durations.suffix(max(1, durations.count / 2)).min()!
  }
}

/// Seconds of a clock that only goes forward.
private func now() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// Seconds that all threads of this process have been running.
private func processorTime() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

private func seconds(of clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The upper of the middle two where the count is even, so that it is a time that was measured.
private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
