import Foundation
import PoiseFiles
import PoiseKernelCases
import PoiseKernels
import Testing

@testable import PoiseModel

@Suite struct ProfilerTests {
  private let ceiling = ProfileCeiling(operations: 100, exponentials: 1, cachedBytes: 100, bytes: 10)

  @Test func aProductIsCountedExactly() throws {
    var layout = Layout()
    let (a, b, c) = (layout.add("a", 20, 30), layout.add("b", 70, 30), layout.add("c", 20, 70))
    let arena = Arena(layout)
    let profiler = Profiler()
    profiler.profile {
      profiled(.other) {
        for _ in 0..<3 { multiply(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c)) }
        multiply(arena.matrix(a), arena.matrix(b).transposed, addingTo: arena.matrix(c))
      }
    }
    let rows = profiler.result.rows(by: .kernel, under: ceiling).filter { $0.activity!.isProduct }
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    #expect(row.activity!.name == "A·Bᵀ, smallest side 16–63")
    #expect(row.calls == 4)
    #expect(row.operations == 4 * 2 * 20 * 30 * 70)
    #expect(row.bytes == 4 * (4 * (20 * 30 + 30 * 70 + 20 * 70) + 20 * 70))
  }

  @Test func kernelsAreCountedAndReturnTheSameBits() throws {
    let plain = try #require(InstructionSet.table(for: .chosen))
    let counting = ProfiledKernels(plain)
    let x: [Float] = (0..<1000).map { Float($0) / 500 - 1 }
    var (expected, counted) = (x, x)
    let profiler = Profiler()
    plain.exponential(x.span, into: expected.mutableSpan)
    profiler.profile { profiled(.other) { counting.exponential(x.span, into: counted.mutableSpan) } }
    #expect(expected == counted)
    let row = try #require(
      profiler.result.rows(by: .kernel, under: ceiling).first { $0.activity!.name == "exponential" })
    #expect((row.calls, row.exponentials, row.bytes, row.operations) == (1, 1000, 8000, 0))
    counting.exponential(x.span, into: counted.mutableSpan)
    #expect(profiler.result.rows(by: .kernel, under: ceiling).first { $0.activity!.name == "exponential" }?.calls == 1)
  }

  /// Of short calls most are not timed; all are counted.
  /// Under the name that its case gives it; limits of the machine are not counted.
  @Test(arguments: KernelCase.all)
  func everyKernelIsCountedAndReturnsTheSameBits(kernel: KernelCase) throws {
    let plain = try #require(InstructionSet.table(for: .chosen))
    let counting = ProfiledKernels(plain)
    let shape = kernel.testedShapes[min(5, kernel.testedShapes.count - 1)]
    func bits(_ kernels: any KernelTable) -> [[UInt32]] {
      kernel.prepare(kernels, shape).outputs().map { $0.found.map(\.bitPattern) }
    }
    let profiler = Profiler()
    #expect(bits(plain) == profiler.profile { profiled(.other) { bits(counting) } })
    let rows = profiler.result.rows(by: .kernel, under: ceiling).filter { $0.activity!.name == kernel.kernel }
    // Limits are not part of training, and matrix products are counted by shape where they are called.
    #expect(rows.count == (["sum", "copy", "multiplyAdd", "matrixProduct"].contains(kernel.kernel) ? 0 : 1))
    #expect(rows.allSatisfy { $0.calls > 0 && $0.bytes > 0 })
  }

  @Test func shortCallsAreCountedOneByOne() throws {
    let arena = Arena(count: 64)
    let profiler = Profiler()
    profiler.profile { profiled(.other) { for _ in 0..<1001 { arena.clear() } } }
    let rows = profiler.result.rows(by: .kernel, under: ceiling)
    let row = try #require(rows.first { $0.activity!.name == "clear" })
    #expect(row.calls == 1001)
    #expect(row.bytes == 1001 * 256)
    #expect(row.nanoseconds > 0)
    #expect(abs(rows.reduce(0) { $0 + $1.share } - 1) < 1e-9)
  }

  @Test(arguments: [1, 2], ProfileView.allCases)
  func thePartsAddUpToTheWhole(workers: Int, _ view: ProfileView) {
    let engine = Engine(workers: workers)
    let profiler = Profiler()
    let elapsed = ContinuousClock().measure {
      profiler.profile { profiled(.other) { for _ in 0..<20 { engine.step() } } }
    }
    let profile = profiler.result
    let rows = profile.rows(by: view, under: ceiling)
    #expect(abs(rows.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    #expect(abs(rows.reduce(0) { $0 + $1.nanoseconds } / profile.nanoseconds - 1) < 1e-9)
    #expect(profile.nanoseconds <= elapsed / .nanoseconds(1))
    #expect(profile.nanoseconds > 0.5 * (elapsed / .nanoseconds(1)))
    #expect(profile.busyShares.values.allSatisfy { $0 > 0 && $0 <= 1 })
  }

  @Test func aPassHasItsPhasesAndLayers() {
    let profiler = Profiler()
    let engine = Engine(workers: 2)
    profiler.profile { profiled(.other) { engine.step() } }
    let profile = profiler.result
    let phases = Set(profile.rows(by: .phase, under: ceiling).map(\.phase))
    #expect(phases == [.forward, .loss, .backward, .reduce, .update, .other])
    let layers = profile.rows(by: .layer, under: ceiling).filter { $0.phase == .backward }.map(\.layer!.name)
    #expect(layers == ["outside layers", "embedding", "block 0", "block 1", "head"])
  }

  /// The forward pass of a judge that annotates is annotation.
  @Test func theOutermostMarkNamesThePhase() {
    let profiler = Profiler()
    let engine = Engine(workers: 2)
    profiler.profile { profiled(.other) { profiled(.annotate) { engine.evaluate() } } }
    #expect(Set(profiler.result.rows(by: .phase, under: ceiling).map(\.phase)) == [.annotate, .other])
  }

  @Test func nothingCountsBeforeTrainingBegins() {
    let profiler = Profiler()
    let engine = Engine(workers: 2)
    profiler.profile { engine.step() }
    #expect(profiler.result.rows(by: .kernel, under: ceiling).isEmpty)
    #expect(Ledger.current == nil)
  }

  @Test func profilingChangesNoBit() {
    let (plain, counted) = (Engine(workers: 2), Engine(workers: 2))
    for _ in 0..<3 { plain.step() }
    Profiler(traceCapacity: 1000).profile { profiled(.other) { for _ in 0..<3 { counted.step() } } }
    #expect(plain.parameters.floats.map(\.bitPattern) == counted.parameters.floats.map(\.bitPattern))
  }

  @Test func arenasAreToldApartByPurpose() {
    let profiler = Profiler()
    let engine = profiler.profile { Engine(workers: 1) }
    profiler.profile { profiled(.other) { engine.step() } }
    let planned = profiler.result.planned
    let bytes = engine.transformer.parameters.layout.count * 4
    #expect(planned[.parameters] == bytes)
    #expect(planned[.gradients] == 2 * bytes)
    #expect(planned[.moments]! > 0 && planned[.activations]! > 0)
    #expect(planned[.caches] == 0)
    withExtendedLifetime(engine) {}
  }

  @Test func aTraceIsJSONWhoseEventsNest() throws {
    let profiler = Profiler(traceCapacity: 5000)
    let engine = Engine(workers: 2)
    profiler.profile { profiled(.other) { for step in 1...3 { profiled(step: step) { engine.step() } } } }
    let path = NSTemporaryDirectory() + "poise-trace-\(UUID().uuidString)"
    defer { Files.remove(path) }
    try profiler.trace.write(to: path)
    let events = try #require(try Files.readJSON(path)["traceEvents"]?.array)
    let spans = events.filter { $0["ph"]?.string == "X" }
    #expect(Set(spans.map { $0["tid"]!.int! }).isSubset(of: [0, 1]))
    #expect(Set(spans.map { $0["name"]!.string! }).isSuperset(of: ["step 1", "step 3", "forward", "backward", "block 1"]))
    #expect(events.contains { $0["ph"]?.string == "C" && $0["args"]?["resident"] != nil })
    for tid in 0...1 { expectNesting(spans.filter { $0["tid"]?.int == tid }) }
  }

  /// Events of one worker, by their beginning: each ends before the one around it does.
  private func expectNesting(_ spans: [JSON]) {
    var open: [Double] = []
    for span in spans {
      let (start, duration) = (span["ts"]!.double!, span["dur"]!.double!)
      while let end = open.last, end <= start + 1e-6 { open.removeLast() }
      #expect(open.last.map { start + duration <= $0 + 1e-6 } ?? true)
      open.append(start + duration)
    }
  }

  @Test func aTraceWithoutRoomSaysWhatItLost() {
    let profiler = Profiler(traceCapacity: 8)
    let engine = Engine(workers: 1)
    profiler.profile { profiled(.other) { engine.step() } }
    #expect(profiler.trace.lost > 0)
  }
}

/// A small model with all that a step of training needs.
private final class Engine {
  let transformer = Transformer(TransformerCase.llama.configuration)
  let parameters: Arena
  private let pass: ShardedPass<Transformer>
  private let optimizer: Optimizer
  private let pool: WorkerPool

  init(workers: Int) {
    pool = WorkerPool(workerCount: workers)
    parameters = transformer.randomParameters(seed: 1)
    pass = ShardedPass(transformer, pool: pool, shardCount: 3, backward: true, reference: false)
    optimizer = Optimizer(.adamW(), parameters: transformer.parameters.layout)
  }

  func step() {
    pass.differentiate(transformer.mixedGroups, policy: parameters, reference: nil) { responses in
      for index in responses.indices { responses[index].coefficient = -1 }
    }
    profiled(.update) { optimizer.update(parameters, gradients: pass.gradients, gradientScale: 1, rate: 1e-3, pool: pool) }
  }

  func evaluate() { pass.evaluate(transformer.mixedGroups, policy: parameters) }
}
