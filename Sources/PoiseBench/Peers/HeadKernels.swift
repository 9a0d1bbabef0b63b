import PoiseKernelCases
import PoiseKernels
import PoiseModel
import PoiseObjectives
import PoiseRandom

/// The inputs of the workloads on logits: rows of a batch of sequences.
struct PeerLogits {
  let sequences: Int
  let length: Int
  let vocabulary: Int
  let logits: Arena
  /// (sequences · length)
  let targets: [Int32]
  /// Tokens that count, a sequence.
  let lengths: [Int]

  var rows: Int { sequences * length }
  var live: Double { Double(lengths.reduce(0, +)) }
  var elements: Double { Double(rows * vocabulary) }

  static let shapes = [(16, 64, 256), (16, 64, 4096), (8, 64, 32_000), (4, 64, 50_257)]

  /// - Parameter isRagged: lengths between a quarter and all of `length`.
  init(sequences: Int, length: Int, vocabulary: Int, isRagged: Bool = false) {
    (self.sequences, self.length, self.vocabulary) = (sequences, length, vocabulary)
    logits = normalArena(sequences * length * vocabulary, deviation: 3, key: 0)
    var generator = CounterGenerator(0x7461_7267, 1)  // "targ"
    targets = Self.ids(sequences * length, below: vocabulary)
    lengths = (0..<sequences).map { _ in
      isRagged ? length / 4 + Int(generator.uniform() * Double(length - length / 4 + 1)) : length
    }
  }

  static func ids(_ count: Int, below bound: Int) -> [Int32] {
    var generator = CounterGenerator(0x7461_7267, 2)
    return (0..<count).map { _ in Int32(generator.uniform() * Double(bound)) }
  }

  var name: String { "\(rows)x\(vocabulary)" }
}

/// Normal floats that repeat from run to run.
func normalArena(_ count: Int, deviation: Double = 1, key: UInt64) -> Arena {
  let arena = Arena(count: count)
  var generator = CounterGenerator(0x6E6F_726D, key)  // "norm"
  // A block of normal numbers, repeated: which numbers they are does not matter to what is timed.
  let block = (0..<min(count, 65_521)).map { _ in Float(generator.normal() * deviation) }
  var values = arena[writingElements: 0..<count]
  for index in values.indices { values[index] = block[index % block.count] }
  return arena
}

extension PeerWorkload {
  /// k1
  static func logSoftmax(_ run: PeerRun) {
    for (sequences, length, vocabulary) in PeerLogits.shapes where run.wants("\(sequences * length)x\(vocabulary)") {
      let data = PeerLogits(sequences: sequences, length: length, vocabulary: vocabulary)
      let y = Arena(count: data.rows * vocabulary)
      let bytes = 4 * data.elements
      run.time(data.name, "logSoftmax(into:)", Work(read: bytes, written: bytes, exponentials: data.elements)) {
        kernels.logSoftmax(data.logits.all, columns: vocabulary, into: y[writingElements: 0..<y.count])
      }
    }
  }

  /// The shapes of k2 and k3.
  private static func sequences(_ run: PeerRun, _ body: (_ name: String, PeerLogits) -> Void) {
    for (sequences, length, vocabulary) in PeerLogits.shapes {
      for isRagged in [4096, 32_000].contains(vocabulary) ? [false, true] : [false] {
        let name = "\(sequences * length)x\(vocabulary)\(isRagged ? " ragged" : "")"
        guard run.wants(name) else { continue }
        body(name, PeerLogits(sequences: sequences, length: length, vocabulary: vocabulary, isRagged: isRagged))
      }
    }
  }

  /// k2
  static func sequenceLogProbabilities(_ run: PeerRun) {
    sequences(run) { name, data in
      let scorer = SequenceScorer(data)
      let work = Work(read: 4 * data.live * Double(data.vocabulary), exponentials: data.live * Double(data.vocabulary))
      run.time(name, "logPartitions, targetLogProbabilities", work) { scorer.score() }
    }
  }
}

/// log π of whole sequences from logits, as the vocabulary head does it.
final class SequenceScorer {
  let data: PeerLogits
  let logPartitions: Arena
  let tokenLogProbabilities: Arena
  /// log π(y), in the order of the sequences.
  private(set) var logProbabilities: [Double]
  private let rows: [Int32]

  init(_ data: PeerLogits) {
    self.data = data
    logPartitions = Arena(count: data.rows)
    tokenLogProbabilities = Arena(count: data.rows)
    logProbabilities = Array(repeating: 0, count: data.sequences)
    rows = (0..<data.length).map { Int32($0) }
  }

  func score() { for sequence in 0..<data.sequences { score(sequence) } }

  func score(_ sequence: Int) {
    let (live, columns) = (data.lengths[sequence], data.vocabulary)
    let first = sequence * data.length
    let (partitions, tokens, source) = (logPartitions, tokenLogProbabilities, data.logits)
    let (rows, targets) = (rows, data.targets)
    let logits = source[elements: first * columns..<(first + live) * columns]
    kernels.logPartitions(logits, columns: columns, into: partitions[writingElements: first..<first + live])
    kernels.targetLogProbabilities(
      logits, columns: columns, logPartitions: partitions[elements: first..<first + live], rows: rows.span.extracting(0..<live),
      targets: targets.span.extracting(first..<first + live), into: tokens[writingElements: first..<first + live])
    collect(sequence)
  }

  /// The same, and gradients of the tokens' log π up to a factor a row.
  func score(_ sequence: Int, keeping gradients: Arena, _ sums: Arena) {
    let first = sequence * data.length
    let tokens = first..<first + data.lengths[sequence]
    let elements = tokens.lowerBound * data.vocabulary..<tokens.upperBound * data.vocabulary
    let (found, source, targets) = (tokenLogProbabilities, data.logits, data.targets)
    kernels.targetLogProbabilities(
      source[elements: elements], columns: data.vocabulary, targets: targets.span.extracting(tokens),
      into: found[writingElements: tokens], gradients: gradients[writingElements: elements], sums: sums[writingElements: tokens])
    collect(sequence)
  }

  private func collect(_ sequence: Int) {
    let (first, tokens) = (sequence * data.length, tokenLogProbabilities)
    let summands = tokens.all
    var sum = 0.0
    for index in first..<first + data.lengths[sequence] { sum += Double(summands[index]) }
    logProbabilities[sequence] = sum
  }
}

extension PeerWorkload {
  /// k3: coefficients are known beforehand, one a sequence.
  static func sequenceLogProbabilityGradients(_ run: PeerRun) {
    sequences(run) { name, data in
      let columns = data.vocabulary
      var generator = CounterGenerator(0x636F_6566, 2)  // "coef"
      let perSequence = (0..<data.sequences).map { _ in Float(generator.normal()) }
      let coefficients = (0..<data.rows).map { row in
        row % data.length < data.lengths[row / data.length] ? perSequence[row / data.length] : 0
      }
      let scratch = Arena(count: kernels.targetScratchElements(columns: columns))
      let tokens = Arena(count: data.rows)
      let gradients = Arena(count: data.rows * columns)
      var sums = Array(repeating: 0.0, count: data.sequences)
      let live = data.live * Double(columns)
      run.time(name, "one pass", Work(read: 4 * live, written: 4 * data.elements, exponentials: live)) {
        kernels.targetLogProbabilities(
          data.logits.all, columns: columns, targets: data.targets.span, coefficients: coefficients.span,
          scratch: scratch[writingElements: 0..<scratch.count], into: tokens[writingElements: 0..<tokens.count],
          gradients: gradients[writingElements: 0..<gradients.count])
        let summands = tokens.all
        for sequence in sums.indices {
          sums[sequence] = (0..<data.length).reduce(0.0) { $0 + Double(summands[sequence * data.length + $1]) }
        }
      }
    }
  }

  /// k4: the coefficient of a response is known when its group's log-probabilities are.
  static func preferenceLosses(_ run: PeerRun) {
    for (pairs, length, vocabulary) in [(8, 64, 256), (8, 64, 4096), (4, 64, 32_000), (2, 64, 50_257)] {
      let shape = "pairs=\(pairs) T=\(length) V=\(vocabulary)"
      let (contrastive, nash) = ("IPO \(shape)", "Nash-MD \(shape)")
      guard run.wants(contrastive) || run.wants(nash) else { continue }
      let data = PeerLogits(sequences: 2 * pairs, length: length, vocabulary: vocabulary)
      let loss = GroupLoss(data)
      func work(_ share: Double) -> Work {
        Work(read: 8 * data.elements * share, written: 4 * data.elements * share, exponentials: data.elements * share)
      }
      let ipo = IdentityPreferenceOptimization(tau: 0.1, form: .squared)
      run.time(contrastive, "group by group", work(1)) {
        for pair in 0..<pairs { loss.differentiate([pair, pairs + pair], ipo, preference: 1) }
      }
      let mirrorDescent = NashMirrorDescent(tau: 0.1)
      run.time(nash, "group by group", work(0.5)) {
        for pair in 0..<pairs { loss.differentiate([pair], mirrorDescent, preference: 0.75) }
      }
    }
  }
}

/// Loss and gradient to the logits of one group at a time: log π of its sequences, the objective, and then the gradients. Where caches
/// hold the group, gradients are kept up to a factor a row while log π is found; elsewhere reading the logits again costs less than
/// storing twice.
final class GroupLoss {
  private let scorer: SequenceScorer
  private let gradients: Arena
  /// One a row of `gradients`.
  private let sums: Arena
  private let coefficients: Arena
  private let rows: [Int32]

  /// Bytes of logits and gradients that caches hold.
  private static let cachedBytes = 16 << 20

  init(_ data: PeerLogits) {
    scorer = SequenceScorer(data)
    gradients = Arena(count: data.rows * data.vocabulary)
    sums = Arena(count: data.rows)
    coefficients = Arena(count: data.length)
    rows = (0..<data.length).map { Int32($0) }
  }

  /// - Parameter sequences: one, or two that are compared.
  func differentiate(_ sequences: [Int], _ objective: some PairObjective, preference: Double) {
    let elements = sequences.count * scorer.data.length * scorer.data.vocabulary
    let isCached = 2 * MemoryLayout<Float>.stride * elements <= Self.cachedBytes
    for sequence in sequences {
      if isCached { scorer.score(sequence, keeping: gradients, sums) } else { scorer.score(sequence) }
    }
    func statistics(_ sequence: Int) -> ResponseStatistics {
      ResponseStatistics(logProbability: scorer.logProbabilities[sequence], referenceLogProbability: -305)
    }
    let loss = objective.evaluate(
      Pair(first: statistics(sequences[0]), second: statistics(sequences.last!), preference: preference))
    for (sequence, coefficient) in zip(sequences, [loss.coefficients.first, loss.coefficients.second]) {
      seed(sequence, Float(coefficient), isKept: isCached)
    }
  }

  private func seed(_ sequence: Int, _ coefficient: Float, isKept: Bool) {
    let data = scorer.data
    let (columns, length) = (data.vocabulary, data.length)
    let tokens = sequence * length..<(sequence + 1) * length
    let elements = tokens.lowerBound * columns..<tokens.upperBound * columns
    let (logits, partitions, coefficients, gradients) = (data.logits, scorer.logPartitions, coefficients, gradients)
    let (sums, rows, targets) = (sums, rows, data.targets)
    var spread = coefficients[writingElements: 0..<length]
    for index in spread.indices { spread[index] = coefficient }
    if isKept {
      kernels.logProbabilityBackward(
        coefficients: coefficients.all, sums: sums[elements: tokens], columns: columns,
        updating: gradients[writingElements: elements])
    } else {
      kernels.logProbabilityBackward(
        logits[elements: elements], coefficients: coefficients.all, rows: rows.span, targets: targets.span.extracting(tokens),
        logPartitions: partitions[elements: tokens], columns: columns, into: gradients[writingElements: elements])
    }
  }
}
