import PoiseKernelCases
import PoiseKernels
import PoiseModel

extension PeerWorkload {
  /// k5: the vocabulary head as training runs it, from hidden rows of sequences to log π and the gradients of rows and head.
  static func linearHead(_ run: PeerRun) {
    let (sequences, length, width) = (16, 64, 256)
    for vocabulary in [32_000, 50_257] {
      let name = "N=\(sequences * length) d=\(width) V=\(vocabulary)"
      guard run.wants(name) else { continue }
      let transformer = Transformer(
        TransformerConfiguration(
          vocabularySize: vocabulary, contextLength: length + 1, width: width, blockCount: 1, headCount: 4, feedForwardWidth: 16))
      let (parameters, gradients) = (transformer.initialParameters(seed: 1), Arena(transformer.parameterLayout))
      let groups = (0..<sequences).map { sequence in
        TokenGroup(
          prompt: [1],
          responses: [Array(PeerLogits.ids(sequences * length, below: vocabulary)[sequence * length..<(sequence + 1) * length])])
      }
      let workspace = transformer.makeWorkspace(capacity: WorkspaceCapacity(groups), backward: true, reference: false)
      workspace.pack(groups, groups.indices)
      transformer.evaluate(workspace, policy: parameters)
      let (n, d, v) = (Double(sequences * length), Double(width), Double(vocabulary))
      let work = Work(
        read: 4 * (2 * d * v + 2 * n * d), written: 4 * (d * v + n * d), exponentials: n * v, operations: 6 * n * d * v)
      run.time(name, "the engine's head, blocks of whole groups", work, extraBytes: workspace.headScratchByteCount) {
        gradients.clear()
        transformer.differentiateHead(workspace, policy: parameters, addingTo: gradients)
      }
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
