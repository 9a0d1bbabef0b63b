import PoiseFiles
import PoiseModel
import Testing

@testable import Poise

/// Training under a profile: the same bits, and every phase in its place.
@Suite struct ProfiledTrainingTests {
  private func train(_ trainer: some PolicyTrainer, profiler: Profiler?) throws -> [UInt32] {
    let folder = try TemporaryFolder()
    let loop = TrainingLoop(RunFolder(folder.path + "/run"), checkpointEvery: 2, description: [:])
    func run() throws { _ = try loop.run(trainer, saving: trainer.policy) { _ in } }
    if let profiler { try profiler.profile { try profiled(.other) { try run() } } } else { try run() }
    return trainer.policy.parameters.bits
  }

  @Test(arguments: [1, 2]) func onlineTrainingHasEveryPhase(workers: Int) throws {
    let profiler = Profiler()
    let bits = try train(TinyTrainer.online(workers: workers), profiler: profiler)
    #expect(try train(TinyTrainer.online(workers: workers), profiler: nil) == bits)
    let shares = profiler.phaseShares
    #expect(
      Set(shares.keys) == [.sample, .annotate, .forward, .loss, .backward, .reduce, .update, .write, .other])
    #expect(shares.values.allSatisfy { $0 > 0 })
    #expect(abs(shares.values.reduce(0, +) - 1) < 1e-9)
  }

  @Test func supervisedTrainingNeitherSamplesNorAnnotates() throws {
    let profiler = Profiler()
    let bits = try train(TinyTrainer.supervised(workers: 2), profiler: profiler)
    #expect(try train(TinyTrainer.supervised(workers: 2), profiler: nil) == bits)
    #expect(Set(profiler.phaseShares.keys) == [.forward, .loss, .backward, .reduce, .update, .write, .other])
  }
}

extension Profiler {
  fileprivate var phaseShares: [Phase: Double] {
    let rows = result.rows(by: .phase, under: ProfileCeiling(operations: 1, exponentials: 1, cachedBytes: 1, bytes: 1))
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.phase, $0.share) })
  }
}
