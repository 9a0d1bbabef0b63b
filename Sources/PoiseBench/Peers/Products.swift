import PoiseKernelCases
import PoiseKernels
import PoiseModel

extension PeerWorkload {
  /// k5: hidden rows → logits → log π → gradients of hidden rows and of the head, a block of whole sequences at a time.
  static func linearHead(_ run: PeerRun) {
    let (rows, width, length) = (1_024, 256, 64)
    for vocabulary in [32_000, 50_257] {
      let name = "N=\(rows) d=\(width) V=\(vocabulary)"
      guard run.wants(name) else { continue }
      let head = HeadPass(rows: rows, width: width, vocabulary: vocabulary, length: length)
      let (n, d, v) = (Double(rows), Double(width), Double(vocabulary))
      let work = Work(
        read: 4 * (2 * d * v + 2 * n * d), written: 4 * (d * v + n * d), exponentials: n * v, operations: 6 * n * d * v)
      run.time(name, "blocks of 192 rows", work, measuresMemory: true) { head.run() }
    }
  }

  /// k7
  static func products(_ run: PeerRun) {
    let large = [
      (64, 64, 64), (128, 128, 128), (256, 256, 256), (512, 512, 512), (1_024, 1_024, 1_024), (1_024, 1_024, 256),
      (2_048, 2_048, 512), (2_048, 512, 128), (2_048, 384, 128), (2_048, 1_536, 384), (2_048, 4_096, 384), (256, 256, 64),
      (128, 128, 32),
    ]
    for (m, n, k) in large { product(run, m, n, k, few: false) }
    for m in [1, 8, 32] { product(run, m, 2_048, 512, few: true) }
  }

  private static func product(_ run: PeerRun, _ m: Int, _ n: Int, _ k: Int, few: Bool) {
    let name = "\(m)x\(n)x\(k)"
    guard run.wants(name) else { return }
    var layout = Layout()
    let (a, b, c) = (layout.add("a", m, k), layout.add("b", n, k), layout.add("c", m, n))
    let arena = normalArena(layout.count, key: 1)
    let bytes = 4 * Double(m * k + k * n)
    let work = Work(read: bytes, written: 4 * Double(m * n), operations: 2 * Double(m * n * k))
    run.time(name, "OpenBLAS NT", work) {
      multiplyByLibrary(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c))
    }
    run.time(name, "NT", work) { multiply(arena.matrix(a), arena.matrix(b).transposed, into: arena.matrix(c)) }
    guard few else { return }
    let panels = Arena(count: kernels.panelElements(rows: k, columns: n))
    kernels.packPanels(arena[b], rows: k, columns: n, rowStride: 1, columnStride: k, into: panels.writing)
    run.time(name, "panels packed before", work) {
      kernels.multiplyPanels(
        arena[a], rows: m, rowStride: k, columnStride: 1, panels: panels.all, inner: k, columns: n, adding: false, stride: n,
        into: arena[writing: c])
    }
  }
}

/// The vocabulary head by itself, as training runs it: logits of one block of rows exist at a time.
final class HeadPass {
  private static let blockRows = ActivationLayout.usualHeadBlockRows
  private let arena: Arena
  private let hidden: Tensor
  private let weight: Tensor
  private let dHidden: Tensor
  private let dWeight: Tensor
  private let logits: Tensor
  private let logPartitions: Tensor
  private let logProbabilities: Tensor
  private let coefficients: [Float]
  private let targets: [Int32]
  private let rows: [Int32]

  init(rows: Int, width: Int, vocabulary: Int, length: Int) {
    var layout = Layout()
    hidden = layout.add("hidden", rows, width)
    weight = layout.add("weight", vocabulary, width)
    dHidden = layout.add("d.hidden", rows, width)
    dWeight = layout.add("d.weight", vocabulary, width)
    // Last, so that they are not resident before they are used: the extra memory of the pass.
    logits = layout.add("logits", Self.blockRows, vocabulary)
    logPartitions = layout.add("log_partitions", Self.blockRows)
    logProbabilities = layout.add("log_probabilities", rows)
    arena = Arena(layout)
    let (start, h) = (arena, normalArena(weight.offset + weight.count, deviation: 0.3, key: 5))
    var values = start[writingElements: 0..<h.count]
    let source = h.all
    for index in values.indices { values[index] = source[index] }
    targets = PeerLogits.ids(rows, below: vocabulary)
    coefficients = (0..<rows).map { Float($0 / length % 2 == 0 ? 1 : -1) }
    self.rows = (0..<Self.blockRows).map { Int32($0) }
  }

  func run() {
    let (a, columns, ids) = (arena, weight.rows, rows)
    let (targets, coefficients) = (targets, coefficients)
    a.clear(dWeight)
    for first in stride(from: 0, to: hidden.rows, by: Self.blockRows) {
      let block = first..<min(first + Self.blockRows, hidden.rows)
      let own = 0..<block.count
      multiply(a.matrix(hidden, rows: block), a.matrix(weight).transposed, into: a.matrix(logits, rows: own))
      kernels.logPartitions(a[logits, rows: own], columns: columns, into: a[writing: logPartitions, rows: own])
      kernels.targetLogProbabilities(
        a[logits, rows: own], columns: columns, logPartitions: a[logPartitions, rows: own], rows: ids.span.extracting(own),
        targets: targets.span.extracting(block), into: a[writing: logProbabilities, rows: block])
      kernels.logProbabilityBackward(
        coefficients: coefficients.span.extracting(block), rows: ids.span.extracting(own),
        targets: targets.span.extracting(block), logPartitions: a[logPartitions, rows: own], columns: columns,
        updating: a[writing: logits, rows: own])
      multiply(a.matrix(logits, rows: own), a.matrix(weight), into: a.matrix(dHidden, rows: block))
      multiply(a.matrix(logits, rows: own).transposed, a.matrix(hidden, rows: block), addingTo: a.matrix(dWeight))
    }
  }
}
