import PoiseFiles
import PoiseKernelCases
import PoiseModel

/// One workload of a comparison between engines: the same work that other engines are timed on, in the same run.
public struct PeerWorkload: Sendable {
  /// `k1` … `k7`, `e1` … `e4`.
  public let name: String
  /// What it is, for people.
  public let title: String
  let run: @Sendable (PeerRun) -> Void

  public static let all = [
    PeerWorkload(name: "k1", title: "log-softmax, out of place", run: logSoftmax),
    PeerWorkload(name: "k2", title: "sequence log-probabilities from logits", run: sequenceLogProbabilities),
    PeerWorkload(name: "k3", title: "the same with the gradient to the logits", run: sequenceLogProbabilityGradients),
    PeerWorkload(name: "k4", title: "IPO and Nash-MD loss and gradient from logits", run: preferenceLosses),
    PeerWorkload(name: "k5", title: "linear head to sequence log-probabilities, forward and backward", run: linearHead),
    PeerWorkload(name: "k6", title: "norms, activations, attention, AdamW, embedding", run: layers),
    PeerWorkload(name: "k7", title: "matrix products, and products of few rows", run: products),
    PeerWorkload(name: "e1", title: "GPT-2 training step", run: trainingSteps),
    PeerWorkload(name: "e2", title: "IPO step on pairs", run: pairSteps),
    PeerWorkload(name: "e3", title: "sampling, and from the mixture of two models", run: sampling),
    PeerWorkload(name: "e4", title: "online step: sample, judge, train", run: onlineSteps),
  ]

  /// Runs every case and prints a record of each as soon as it is known.
  ///
  /// - Parameters:
  ///   - filter: only cases whose name contains it.
  ///   - stopwatch: how often and for how long each case is timed.
  ///   - pool: the threads that steps and samplers use; kernels use one.
  public func measure(
    filter: String?, stopwatch: Stopwatch, pool: WorkerPool, record: @escaping @Sendable (JSON) -> Void
  ) {
    run(PeerRun(workload: name, filter: filter, stopwatch: stopwatch, pool: pool, record: record))
  }
}

/// Collects the records of one workload.
struct PeerRun: Sendable {
  let workload: String
  let filter: String?
  let stopwatch: Stopwatch
  let pool: WorkerPool
  let record: @Sendable (JSON) -> Void

  func wants(_ name: String) -> Bool { filter.map(name.contains) ?? true }

  /// Times `body` as one case.
  ///
  /// - Parameter extraBytes: memory that the case takes beside its inputs and results, where that is to be compared. It is planned
  ///   beforehand, so nothing need be measured.
  func time(_ name: String, _ variant: String, _ work: Work, extraBytes: Int? = nil, _ body: () -> Void) {
    guard wants(name) else { return }
    record(Self.json(workload, name, variant, work, stopwatch.time(body), extraBytes))
  }

  static func json(
    _ workload: String, _ name: String, _ variant: String, _ work: Work, _ timing: Timing,
    _ extraBytes: Int?
  ) -> JSON {
    var members = JSON.Object()
    func add(_ key: String, _ value: JSON) { members[key] = value }
    add("workload", .string(workload))
    add("case", .string(name))
    add("variant", .string(variant))
    add("t_s", .init(timing.seconds))
    add("ns", .init(timing.seconds * 1e9))
    add("how", .string(timing.isWallTime ? "wall" : "cpu"))
    add("reps", .init(timing.repetitions))
    add("clean", .init(timing.clean))
    add("inner", .init(timing.calls))
    add("wall_s", .init(timing.wall))
    add("cpu_s", .init(timing.processor))
    add("min_s", .init(timing.shortest))
    let bytes = work.read + work.written
    if bytes > 0 { add("gbps", .init(bytes / timing.seconds / 1e9)) }
    if work.operations > 0 { add("gflops", .init(work.operations / timing.seconds / 1e9)) }
    if work.exponentials > 0 { add("exp_per_ns", .init(work.exponentials / timing.seconds / 1e9)) }
    if work.tokens > 0 { add("tok_s", .init(work.tokens / timing.seconds)) }
    if let extraBytes { add("peak_mb", .init(Double(extraBytes) / Double(1 << 20))) }
    add("work", json(work))
    return .object(members)
  }

  private static func json(_ work: Work) -> JSON {
    var members = JSON.Object()
    let counts = [
      ("r", work.read), ("w", work.written), ("exps", work.exponentials), ("flops", work.operations), ("tok", work.tokens),
    ]
    for (key, count) in counts where count > 0 { members[key] = .init(count) }
    return .object(members)
  }
}
