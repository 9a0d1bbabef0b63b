import PoiseRandom

/// Which examples a step sees: every epoch its own permutation, a pure function of seed and step, so that a resumed run goes on
/// where it stopped.
struct DataOrder: Sendable {
  let count: Int
  let batchSize: Int
  let seed: UInt64
  private var epoch = -1
  private var permutation: [Int] = []

  init(count: Int, batchSize: Int, seed: UInt64) {
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
  }

  /// Indices of the batch of step `step`, counted from 0.
  mutating func batch(_ step: Int) -> [Int] {
    (step * batchSize..<(step + 1) * batchSize).map { position in
      let (epoch, offset) = position.quotientAndRemainder(dividingBy: count)
      if epoch != self.epoch {
        var generator = CounterGenerator(seed, 0x6F72_6465_72, UInt64(epoch))  // "order"
        permutation = generator.shuffled(0..<count)
        self.epoch = epoch
      }
      return permutation[offset]
    }
  }

  /// Passes over the data after `steps` steps.
  func epochs(after steps: Int) -> Double { Double(steps * batchSize) / Double(count) }
}
