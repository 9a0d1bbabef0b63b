import Benchmark
import PoiseKernels
import PoiseModel

/// Every kernel under every instruction set of this processor, in one run: the ratios are what counts.
let benchmarks: @Sendable () -> Void = {
  for set in InstructionSet.supported {
    guard let kernels = InstructionSet.table(for: set) else { continue }
    KernelSuite(set: set, kernels: kernels).register()
  }
}

/// The kernels of one instruction set.
struct KernelSuite {
  let set: InstructionSet
  let kernels: any KernelTable

  /// Shapes: one that stays in the first caches, one of a small model, one that streams from memory.
  func register() {
    for count in [4_096, 1_048_576] { exponential(count) }
    for (rows, vocabulary) in [(64, 1_024), (8, 50_257)] { vocabularyHead(rows: rows, vocabulary: vocabulary) }
    for (rows, width) in [(64, 128), (512, 1_024)] {
      rmsNorm(rows: rows, width: width)
      siluGate(rows: rows, width: 3 * width)
      rotary(rows: rows, heads: width / 32, headSize: 32)
    }
    for (rows, columns) in [(64, 64), (256, 512)] { causalSoftmax(rows: rows, columns: columns) }
    for (rows, columns) in [(128, 352), (1_024, 1_024)] { optimizers(rows: rows, columns: columns) }
  }

  /// One kernel at one shape. Times are of one call: the plugin divides by the calls of an iteration.
  private func measure(_ kernel: String, _ shape: String, elements: Int, _ call: @escaping () -> Void) {
    var configuration = Benchmark.defaultConfiguration
    configuration.metrics = [.wallClock]
    configuration.scalingFactor = elements < 100_000 ? .kilo : .one
    Benchmark("\(kernel) \(shape) \(set)", configuration: configuration) { benchmark in
      for _ in benchmark.scaledIterations { call() }
    }
  }

  private func exponential(_ count: Int) {
    let (x, y) = (values(count), Arena(count: count))
    measure("exponential", "\(count)", elements: count) { kernels.exponential(x.all, into: y.writing) }
  }

  private func vocabularyHead(rows: Int, vocabulary: Int) {
    let logits = values(rows * vocabulary)
    let partitions = Arena(count: rows)
    let shape = "\(rows)×\(vocabulary)"
    measure("logPartitions", shape, elements: logits.count) {
      kernels.logPartitions(logits.all, columns: vocabulary, into: partitions.writing)
    }
    kernels.logPartitions(logits.all, columns: vocabulary, into: partitions.writing)
    let coefficients = values(rows)
    let rowIndices = (0..<rows).map { Int32($0) }
    let targets = rowIndices.map { $0 * 7 % Int32(vocabulary) }
    let seeds = values(logits.count)
    measure("logProbabilityBackward", shape, elements: logits.count) {
      kernels.logProbabilityBackward(
        coefficients: coefficients.all, rows: rowIndices.span, targets: targets.span, logPartitions: partitions.all,
        columns: vocabulary, updating: seeds.writing)
    }
  }

  private func rmsNorm(rows: Int, width: Int) {
    let (x, gain) = (values(rows * width), values(width))
    let (y, deviations) = (Arena(count: rows * width), Arena(count: rows))
    measure("rmsNormForward", "\(rows)×\(width)", elements: x.count) {
      kernels.rmsNormForward(x.all, gain: gain.all, epsilon: 1e-5, into: y.writing, inverseDeviations: deviations.writing)
    }
    kernels.rmsNormForward(x.all, gain: gain.all, epsilon: 1e-5, into: y.writing, inverseDeviations: deviations.writing)
    let (dX, dGain) = (Arena(count: rows * width), Arena(count: width))
    measure("rmsNormBackward", "\(rows)×\(width)", elements: x.count) {
      kernels.rmsNormBackward(
        y.all, x: x.all, gain: gain.all, inverseDeviations: deviations.all, addingTo: dX.writing, addingTo: dGain.writing)
    }
  }

  private func siluGate(rows: Int, width: Int) {
    let (gateUp, y, dGateUp) = (values(rows * 2 * width), Arena(count: rows * width), Arena(count: rows * 2 * width))
    measure("siluGateForward", "\(rows)×\(width)", elements: y.count) {
      kernels.siluGateForward(gateUp.all, columns: width, into: y.writing)
    }
    let dY = values(rows * width)
    measure("siluGateBackward", "\(rows)×\(width)", elements: y.count) {
      kernels.siluGateBackward(dY.all, gateUp: gateUp.all, columns: width, into: dGateUp.writing)
    }
  }

  private func rotary(rows: Int, heads: Int, headSize: Int) {
    let columns = heads * headSize
    let x = values(rows * columns)
    let positions = (0..<rows).map { Int32($0) }
    let (cosines, sines) = angles(positions: rows, headSize: headSize)
    measure("rotaryForward", "\(rows)×\(columns)", elements: x.count) {
      kernels.rotaryForward(
        positions: positions.span, cosines: cosines.span, sines: sines.span, heads: heads, headSize: headSize, columns: columns,
        updating: x.writing)
    }
  }

  private func causalSoftmax(rows: Int, columns: Int) {
    let firstVisible = columns - rows + 1
    let scores = values(rows * columns)
    measure("causalSoftmaxForward", "\(rows)×\(columns)", elements: scores.count) {
      kernels.causalSoftmaxForward(columns: columns, firstVisible: firstVisible, scale: 0.2, updating: scores.writing)
    }
    let (probabilities, dScores) = (values(rows * columns), values(rows * columns))
    kernels.causalSoftmaxForward(columns: columns, firstVisible: firstVisible, scale: 0.2, updating: probabilities.writing)
    measure("causalSoftmaxBackward", "\(rows)×\(columns)", elements: scores.count) {
      kernels.causalSoftmaxBackward(
        probabilities: probabilities.all, columns: columns, firstVisible: firstVisible, scale: 1, updating: dScores.writing)
    }
  }

  private func optimizers(rows: Int, columns: Int) {
    let count = rows * columns
    let (gradients, parameters) = (values(count), values(count))
    let (firstMoments, secondMoments) = (Arena(count: count), Arena(count: count))
    measure("adamW", "\(rows)×\(columns)", elements: count) {
      kernels.adamW(
        gradients: gradients.all, gradientScale: 1, rate: 1e-6, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
        firstCorrection: 1, secondCorrection: 1, updating: parameters.writing, updating: firstMoments.writing,
        updating: secondMoments.writing)
    }
    let (directions, rowMoments, columnMoments) = (values(count), Arena(count: rows), Arena(count: columns))
    measure("adafactor", "\(rows)×\(columns)", elements: count) {
      kernels.adafactorMoments(
        gradients: directions.all, gradientScale: 1, decay: 0.9, epsilon: 1e-30, updating: rowMoments.writing,
        updating: columnMoments.writing)
      blackHole(
        kernels.adafactorDirection(
          rowMoments: rowMoments.all, columnMoments: columnMoments.all, gradientScale: 1, updating: directions.writing))
    }
  }
}
