import Foundation
import PoiseFiles

/// What happened when, in the Trace Event Format that Perfetto and chrome://tracing open: a track a worker, and counters of
/// memory.
package struct Trace: Sendable {
  private let events: [[TraceEvents.Event]]
  /// Events there was no room for.
  package let lost: Int
  private let samples: [Profiler.MemorySample]

  init(events: [[TraceEvents.Event]], lost: Int, _ samples: [Profiler.MemorySample]) {
    self.events = events
    self.lost = lost
    self.samples = samples
  }

  package func write(to path: String) throws(FileError) {
    let start = min(events.joined().lazy.map(\.start).min() ?? 0, samples.first?.time ?? .max)
    let lines = events.indices.lazy.flatMap { worker in
      [name(of: worker)] + sorted(worker).map { event($0, worker, start) }
    }
    let memory = samples.lazy.flatMap { counters($0, start) }
    try Files.replace(path) { file in
      let head = "{\"displayTimeUnit\": \"ms\", \"otherData\": {\"lost_events\": \(lost)}, \"traceEvents\": [\n"
      try file.write(contentsOf: Data(head.utf8))
      var isFirst = true
      for chunk in [AnySequence(lines), AnySequence(memory)] {
        for line in chunk {
          try file.write(contentsOf: Data("\(isFirst ? "" : ",\n")\(line)".utf8))
          isFirst = false
        }
      }
      try file.write(contentsOf: Data("\n]}\n".utf8))
    }
  }

  /// Outer events first: viewers nest what begins together in the order they meet it.
  private func sorted(_ worker: Int) -> [TraceEvents.Event] {
    events[worker].sorted { ($0.start, -$0.end) < ($1.start, -$1.end) }
  }

  private func name(of worker: Int) -> String {
    let event: JSON = [
      "ph": "M", "name": "thread_name", "pid": 1, "tid": .init(worker), "args": ["name": .string("worker \(worker)")],
    ]
    return event.line
  }

  private func event(_ event: TraceEvents.Event, _ worker: Int, _ start: Int) -> String {
    """
    {"ph": "X", "name": "\(event.label.name)", "cat": "\(event.label.category)", "pid": 1, "tid": \(worker), \
    "ts": \(microseconds(event.start - start)), "dur": \(microseconds(event.end - event.start))}
    """
  }

  private func counters(_ sample: Profiler.MemorySample, _ start: Int) -> [String] {
    let planned = MemoryPurpose.allCases.map { "\"\($0)\": \(sample.planned[$0.rawValue])" }.joined(separator: ", ")
    let time = microseconds(sample.time - start)
    return [
      "{\"ph\": \"C\", \"name\": \"resident bytes\", \"pid\": 1, \"ts\": \(time), \"args\": {\"resident\": \(sample.resident)}}",
      "{\"ph\": \"C\", \"name\": \"planned bytes\", \"pid\": 1, \"ts\": \(time), \"args\": {\(planned)}}",
    ]
  }

  /// `12.345` of 12,345 ns.
  private func microseconds(_ nanoseconds: Int) -> String {
    let fraction = String(nanoseconds % 1000)
    return "\(nanoseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }
}
