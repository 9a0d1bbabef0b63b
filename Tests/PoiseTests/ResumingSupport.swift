import PoiseFiles
import Testing

@testable import Poise

/// Trains for 6 steps, once in one go and once interrupted after 3, and expects the same bits.
///
/// - Parameter trainer: makes a trainer of a policy; equal policies give equal trainers.
func expectResumable(_ trainer: (Policy) -> some PolicyTrainer) throws {
  let undisturbed = trainer(tinyPolicy())
  for _ in 0..<6 { _ = try undisturbed.step() }

  let temporary = try TemporaryFolder()
  let folder = RunFolder(temporary.path)
  let first = trainer(tinyPolicy())
  for _ in 0..<3 { _ = try first.step() }
  try folder.save(first.policy, first, description: [:])
  let checkpoint = try #require(RunFolder.newestCheckpoint(in: folder.path))
  let second = trainer(try Policy(folder: checkpoint.path))
  try RunFolder.restore(second, from: checkpoint)
  for _ in 0..<3 { _ = try second.step() }

  #expect(second.optimizer.step == 6 && second.tokenCount == undisturbed.tokenCount)
  let (ends, moments, moves) = (
    second.policy.parameters.bits == undisturbed.policy.parameters.bits,
    second.optimizer.state.bits == undisturbed.optimizer.state.bits,
    first.policy.parameters.bits != undisturbed.policy.parameters.bits
  )
  #expect(ends && moments && moves)
}

/// Trains with 1 to 4 workers, and expects the same bits and records. Workers decide in how many waves the shards of a batch, 4 in
/// most of these runs, are accumulated: one by one, two and two, three and one, or all at once.
///
/// - Parameter trainer: makes a trainer with a number of workers; all else is equal.
func expectInvariance(steps: Int, _ trainer: (_ workers: Int) -> some PolicyTrainer) throws {
  let results = try [1, 2, 3, 4].map { workers in
    let trainer = trainer(workers)
    let records = try (0..<steps).map { _ in try trainer.step().untimed }
    return (records, trainer.policy.parameters.bits)
  }
  let moves = results[0].1 != tinyPolicy().parameters.bits
  #expect(moves)
  for result in results.dropFirst() {
    #expect(result.0 == results[0].0)
    let isEqual = result.1 == results[0].1
    #expect(isEqual)
  }
}
