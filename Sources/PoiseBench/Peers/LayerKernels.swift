import PoiseKernelCases
import PoiseKernels
import PoiseModel

extension PeerWorkload {
  /// k6
  static func layers(_ run: PeerRun) {
    for (rows, columns) in [(2_048, 128), (2_048, 384), (8_192, 512)] { norms(run, rows, columns) }
    for (rows, columns) in [(2_048, 512), (2_048, 1_536), (8_192, 2_048)] { activations(run, rows, columns) }
    for headSize in [32, 64] { attention(run, headSize: headSize) }
    for (name, sizes) in [
      ("adamw 10M flat", [10_000_000]), ("adamw 10M in 100 tensors", Array(repeating: 100_000, count: 100)),
      ("adamw 1M in 100 tensors", Array(repeating: 10_000, count: 100)),
    ] { adamW(run, name, sizes) }
    for (vocabulary, width, tokens) in [(4_096, 384, 2_048), (50_257, 256, 8_192)] {
      embedding(run, vocabulary, width, tokens)
    }
  }

  /// What an elementwise layer of `inputs` tensors in and one out must move: forward, and forward with backward.
  private static func work(_ elements: Int, inputs: Double, backward: Bool, exponentials: Double = 0) -> Work {
    let bytes = 4 * Double(elements)
    let (read, written) = backward ? (inputs + 1 + inputs, 1 + inputs) : (inputs, 1)
    return Work(read: bytes * read, written: bytes * written, exponentials: exponentials * Double(elements))
  }

  private static func norms(_ run: PeerRun, _ rows: Int, _ columns: Int) {
    let (layer, rms) = ("layernorm \(rows)x\(columns)", "rmsnorm \(rows)x\(columns)")
    guard ["fwd", "fwd+bwd"].contains(where: { run.wants("\(layer) \($0)") || run.wants("\(rms) \($0)") }) else { return }
    let count = rows * columns
    let (x, dY) = (normalArena(count, key: 1), normalArena(count, key: 2))
    let (gain, bias) = (normalArena(columns, key: 3), normalArena(columns, key: 4))
    let (y, dX, dGain, dBias) = (Arena(count: count), Arena(count: count), Arena(count: columns), Arena(count: columns))
    let (means, deviations) = (Arena(count: rows), Arena(count: rows))
    func layerForward() {
      kernels.layerNormForward(
        x.all, gain: gain.all, bias: bias.all, epsilon: 1e-5, into: y.writing, means: means.writing,
        inverseDeviations: deviations.writing)
    }
    func rmsForward() {
      kernels.rmsNormForward(x.all, gain: gain.all, epsilon: 1e-5, into: y.writing, inverseDeviations: deviations.writing)
    }
    run.time("\(layer) fwd", "layerNorm", work(count, inputs: 1, backward: false)) { layerForward() }
    run.time("\(layer) fwd+bwd", "layerNorm", work(count, inputs: 1, backward: true)) {
      layerForward()
      kernels.layerNormBackward(
        dY.all, x: x.all, gain: gain.all, means: means.all, inverseDeviations: deviations.all, adding: false, to: dX.writing,
        addingTo: dGain.writing, addingTo: dBias.writing)
    }
    run.time("\(rms) fwd", "rmsNorm", work(count, inputs: 1, backward: false)) { rmsForward() }
    run.time("\(rms) fwd+bwd", "rmsNorm", work(count, inputs: 1, backward: true)) {
      rmsForward()
      kernels.rmsNormBackward(
        dY.all, x: x.all, gain: gain.all, inverseDeviations: deviations.all, adding: false, to: dX.writing,
        addingTo: dGain.writing)
    }
  }

  private static func activations(_ run: PeerRun, _ rows: Int, _ columns: Int) {
    let (gelu, gate) = ("gelu_tanh \(rows)x\(columns)", "swiglu \(rows)x\(columns)")
    guard ["fwd", "fwd+bwd"].contains(where: { run.wants("\(gelu) \($0)") || run.wants("\(gate) \($0)") }) else { return }
    let count = rows * columns
    let (x, dY) = (normalArena(2 * count, key: 1), normalArena(count, key: 2))
    let (y, dX) = (Arena(count: count), Arena(count: 2 * count))
    func geluForward() { kernels.geluForward(x[elements: 0..<count], into: y.writing) }
    func gateForward() { kernels.siluGateForward(x.all, columns: columns, into: y.writing) }
    run.time("\(gelu) fwd", "gelu", work(count, inputs: 1, backward: false, exponentials: 1)) { geluForward() }
    run.time("\(gelu) fwd+bwd", "gelu", work(count, inputs: 1, backward: true, exponentials: 1)) {
      geluForward()
      kernels.geluBackward(dY.all, x: x[elements: 0..<count], into: dX[writingElements: 0..<count])
    }
    run.time("\(gate) fwd", "siluGate", work(count, inputs: 2, backward: false, exponentials: 1)) { gateForward() }
    run.time("\(gate) fwd+bwd", "siluGate", work(count, inputs: 2, backward: true, exponentials: 1)) {
      gateForward()
      kernels.siluGateBackward(dY.all, gateUp: x.all, columns: columns, into: dX.writing)
    }
  }

  private static func adamW(_ run: PeerRun, _ name: String, _ sizes: [Int]) {
    guard run.wants(name) else { return }
    var layout = Layout()
    for (index, size) in sizes.enumerated() { _ = layout.add("\(index)", size) }
    let (parameters, gradients) = (normalArena(layout.count, key: 1), normalArena(layout.count, key: 2))
    let optimizer = Optimizer(.adamW(beta2: 0.999), parameters: layout)
    let bytes = 4 * Double(sizes.reduce(0, +))
    run.time(name, "AdamW", Work(read: 4 * bytes, written: 3 * bytes)) {
      optimizer.update(parameters, gradients: gradients, gradientScale: 1, rate: 1e-4, pool: run.pool)
    }
  }

  private static func embedding(_ run: PeerRun, _ vocabulary: Int, _ width: Int, _ tokens: Int) {
    let name = "embedding V=\(vocabulary) d=\(width) n=\(tokens)"
    guard run.wants("\(name) fwd") || run.wants("\(name) fwd+bwd") else { return }
    let (table, dX) = (normalArena(vocabulary * width, key: 1), normalArena(tokens * width, key: 2))
    let (x, dTable) = (Arena(count: tokens * width), Arena(count: vocabulary * width))
    let ids = PeerLogits.ids(tokens, below: vocabulary)
    let bytes = 4 * Double(tokens * width)
    func forward() { kernels.embeddingForward(table.all, tokens: ids.span, columns: width, into: x.writing) }
    run.time("\(name) fwd", "embedding", Work(read: bytes, written: bytes)) { forward() }
    run.time(
      "\(name) fwd+bwd", "embedding, dense gradient",
      Work(read: 2 * bytes, written: bytes + 4 * Double(vocabulary * width))
    ) {
      forward()
      dTable.clear()
      kernels.embeddingBackward(dX.all, tokens: ids.span, columns: width, addingTo: dTable.writing)
    }
  }
}

extension PeerWorkload {
  /// Causal attention, forward and with its backward, on rows of queries, keys and values.
  fileprivate static func attention(_ run: PeerRun, headSize: Int) {
    let (batch, heads, length) = (8, 8, 256)
    let name = "attention B\(batch) H\(heads) T\(length) dh\(headSize) causal"
    guard run.wants("\(name) fwd") || run.wants("\(name) fwd+bwd") else { return }
    let (width, tokens) = (heads * headSize, batch * length)
    let (x, dY) = (normalArena(tokens * 3 * width, key: 1), normalArena(tokens * width, key: 2))
    let (y, dX) = (Arena(count: tokens * width), Arena(count: tokens * 3 * width))
    let scratch = Arena(count: kernels.attentionScratchElements(rows: length, visible: length, headSize: headSize))
    let scale = 1 / Float(headSize).squareRoot()
    func forEachHead(_ body: (_ rows: Range<Int>, _ queries: Range<Int>) -> Void) {
      for sequence in 0..<batch {
        for head in 0..<heads {
          body(sequence * length..<(sequence + 1) * length, head * headSize..<(head + 1) * headSize)
        }
      }
    }
    func forward() {
      forEachHead { rows, queries in
        kernels.attentionForward(
          x.all, columns: 3 * width, rows: rows, prefix: 0..<0, isCausal: true, queries: queries,
          keys: width + queries.lowerBound,
          values: 2 * width + queries.lowerBound, headSize: headSize, scale: scale, biases: Span(), scratch: scratch.writing,
          into: y.writing, stride: width)
      }
    }
    let visible = Double(batch * heads * length * (length + 1) / 2)
    let operations = 4 * visible * Double(headSize)
    run.time("\(name) fwd", "tiles of 16 rows", Work(exponentials: visible, operations: operations)) { forward() }
    run.time("\(name) fwd+bwd", "tiles of 16 rows", Work(exponentials: 2 * visible, operations: 3.5 * operations)) {
      forward()
      dX.clear()
      forEachHead { rows, queries in
        kernels.attentionBackward(
          dY.all, stride: width, x: x.all, columns: 3 * width, rows: rows, prefix: 0..<0, isCausal: true,
          queries: queries, keys: width + queries.lowerBound, values: 2 * width + queries.lowerBound, headSize: headSize,
          scale: scale,
          biases: Span(), scratch: scratch.writing, addingTo: dX.writing, addingTo: MutableSpan())
      }
    }
  }
}
