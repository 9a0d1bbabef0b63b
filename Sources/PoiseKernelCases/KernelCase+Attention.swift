import PoiseKernels
import PoiseTwins

/// Terms have the size of 1 or 2. What matters is the error of a score, a sum of D products: so many roundings of its size, which is
/// the relative error of its probability. The worst that was found is 9.8 ulp forward (64 columns a head), 10.6 backward.
extension KernelCase {
  private static let allowedForward = 15.0
  private static let allowedBackward = 16.0

  static let attention = [
    attentionForward("attentionForward", shapes: .heads, Segment.alone),
    attentionForward("attentionForwardOfContinuations", shapes: [], Segment.continuing),
    attentionForward("attentionForwardOfBiasedContinuations", shapes: [], Segment.biased),
    attentionForward("attentionForwardOfAll", shapes: [], Segment.full),
    attentionBackward("attentionBackward", shapes: .heads, Segment.alone),
    attentionBackward("attentionBackwardOfContinuations", shapes: [], Segment.continuing),
    attentionBackward("attentionBackwardOfBiasedContinuations", shapes: [], Segment.biased),
    attentionBackward("attentionBackwardOfAll", shapes: [], Segment.full),
    KernelCase("crossAttentionForward", tested: heads, shapes: .heads) { kernels, shape in
      let segment = Segment.crossing(shape, kernels)
      let (at, x, memory, scratch) = (segment.places, segment.x, segment.memory, segment.scratch)
      let y = Operand.normal("y", at.rows.upperBound * at.stride)
      return PreparedKernel(
        reading: [x, memory], writing: [y], exponentials: segment.visible, operations: (4 * at.headSize + 5) * segment.visible
      ) {
        kernels.crossAttentionForward(
          x.span, columns: at.columns, rows: at.rows, queries: at.queries, memory: memory.span, memoryColumns: at.memory!.columns,
          memoryRows: at.memory!.rows, keys: at.keys, values: at.values, headSize: at.headSize, scale: Float(at.scale),
          scratch: scratch.writing, into: y.writing, stride: at.stride)
      } restore: {
        y.restore()
        scratch.restore()
      } compare: {
        let twin = Twin.attentionForward(x.doubles, memory: memory.doubles, at, into: y.doubles)
        return [KernelOutput("y", y, twin: twin, ulps: allowedForward, ofTerms: 1)]
      }
    },
    KernelCase("crossAttentionBackward", tested: heads, shapes: .heads) { kernels, shape in
      let segment = Segment.crossing(shape, kernels)
      let (at, x, memory, scratch) = (segment.places, segment.x, segment.memory, segment.scratch)
      let (dY, dX) = (Operand.normal("dY", at.rows.upperBound * at.stride), Operand.normal("dX", x.count))
      let dMemory = Operand.normal("dMemory", memory.count)
      return PreparedKernel(
        reading: [x, memory, dY], updating: [dX, dMemory], exponentials: segment.visible,
        operations: (10 * at.headSize + 10) * segment.visible
      ) {
        kernels.crossAttentionBackward(
          dY.span, stride: at.stride, x: x.span, columns: at.columns, rows: at.rows, queries: at.queries, memory: memory.span,
          memoryColumns: at.memory!.columns, memoryRows: at.memory!.rows, keys: at.keys, values: at.values, headSize: at.headSize,
          scale: Float(at.scale), scratch: scratch.writing, addingTo: dX.writing, addingTo: dMemory.writing)
      } restore: {
        scratch.restore()
      } compare: {
        let twin = Twin.attentionBackward(
          dY.doubles, x: x.doubles, memory: memory.doubles, at, to: dX.doubles, dMemory: dMemory.doubles)
        return [
          KernelOutput("dX", dX, twin: twin.dX, ulps: allowedBackward, ofTerms: 2),
          KernelOutput("dMemory", dMemory, twin: twin.dMemory, ulps: allowedBackward, ofTerms: 2),
        ]
      }
    },
    decodingAttention("decodingAttention", shapes: .heads) { DecodingState($0, $1) },
    decodingAttention("decodingAttentionWithBiases", shapes: []) { DecodingState($0, $1, hasBiases: true) },
    decodingAttention("decodingAttentionToThePrompt", shapes: []) { DecodingState($0, $1, count: 0) },
  ]

  private static func decodingAttention(
    _ name: String, shapes: [KernelShape], _ makeState: @escaping @Sendable (KernelShape, any KernelTable) -> DecodingState
  ) -> KernelCase {
    KernelCase(name, of: "decodingAttention", tested: heads, shapes: shapes) { kernels, shape in
      let state = makeState(shape, kernels)
      let y = Operand.normal("y", shape.rows * state.stride)
      let scratch = Operand([Float](repeating: .nan, count: state.scratchCount))
      let visible = shape.rows * state.queryHeads * (state.promptCount + state.count)
      return PreparedKernel(
        reading: [state.x, state.promptKeys, state.promptValues], writing: [y], readBytes: state.readBytes, exponentials: visible,
        operations: (4 * shape.columns + 5) * visible
      ) {
        kernels.decodingAttention(
          state.x.span, rows: shape.rows, columns: state.columns, queries: state.queries, headSize: shape.columns,
          scale: Float(state.scale), biases: state.biases.span, promptCount: state.promptCount, promptKeys: state.promptKeys.span,
          promptValues: state.promptValues.span, responses: state.responses.span, head: DecodingState.head,
          heads: DecodingState.heads, count: state.count, slots: state.slots, keys: state.keys.span, values: state.values.span,
          scratch: scratch.writing, into: y.writing, stride: state.stride)
      } restore: {
        y.restore()
        scratch.restore()
      } compare: {
        [KernelOutput("y", y, twin: state.twin(y.doubles), ulps: allowedForward, ofTerms: 1)]
      }
    }
  }

  /// Rows and head sizes on either side of a tile's sixteen rows and a panel's 32 columns.
  private static let heads = [
    (1, 8), (5, 33), (15, 8), (16, 20), (17, 48), (23, 64), (33, 2), (40, 32), (50, 20),
  ].map { KernelShape(rows: $0.0, columns: $0.1) }

  private static func attentionForward(
    _ name: String, shapes: [KernelShape], _ makeSegment: @escaping @Sendable (KernelShape, any KernelTable) -> Segment
  ) -> KernelCase {
    KernelCase(name, of: "attentionForward", tested: heads, shapes: shapes) { kernels, shape in
      let segment = makeSegment(shape, kernels)
      let (at, x, biases, scratch) = (segment.places, segment.x, segment.biases, segment.scratch)
      let y = Operand.normal("y", at.rows.upperBound * at.stride)
      return PreparedKernel(
        reading: [x], writing: [y], exponentials: segment.visible, operations: (4 * at.headSize + 5) * segment.visible
      ) {
        kernels.attentionForward(
          x.span, columns: at.columns, rows: at.rows, prefix: at.prefix, isCausal: at.isCausal, queries: at.queries,
          keys: at.keys,
          values: at.values, headSize: at.headSize, scale: Float(at.scale), biases: biases.span, scratch: scratch.writing,
          into: y.writing, stride: at.stride)
      } restore: {
        y.restore()
        scratch.restore()
      } compare: {
        let twin = Twin.attentionForward(x.doubles, at, biases: biases.doubles, into: y.doubles)
        return [KernelOutput("y", y, twin: twin, ulps: allowedForward, ofTerms: 1)]
      }
    }
  }

  private static func attentionBackward(
    _ name: String, shapes: [KernelShape], _ makeSegment: @escaping @Sendable (KernelShape, any KernelTable) -> Segment
  ) -> KernelCase {
    KernelCase(name, of: "attentionBackward", tested: heads, shapes: shapes) { kernels, shape in
      let segment = makeSegment(shape, kernels)
      let (at, x, biases, scratch) = (segment.places, segment.x, segment.biases, segment.scratch)
      let (dY, dX) = (Operand.normal("dY", at.rows.upperBound * at.stride), Operand.normal("dX", x.count))
      let dBiases = Operand.normal("dBiases", biases.count)
      return PreparedKernel(
        reading: [x, dY], updating: [dX, dBiases], exponentials: segment.visible,
        operations: (10 * at.headSize + 10) * segment.visible
      ) {
        kernels.attentionBackward(
          dY.span, stride: at.stride, x: x.span, columns: at.columns, rows: at.rows, prefix: at.prefix, isCausal: at.isCausal,
          queries: at.queries, keys: at.keys, values: at.values, headSize: at.headSize, scale: Float(at.scale),
          biases: biases.span,
          scratch: scratch.writing, addingTo: dX.writing, addingTo: dBiases.writing)
      } restore: {
        scratch.restore()
      } compare: {
        let twin = Twin.attentionBackward(
          dY.doubles, x: x.doubles, at, biases: biases.doubles, to: dX.doubles, dBiases: dBiases.doubles)
        return [
          KernelOutput("dX", dX, twin: twin.dX, ulps: allowedBackward, ofTerms: 2),
          KernelOutput("dBiases", dBiases, twin: twin.dBiases, ulps: allowedBackward, ofTerms: 2),
        ]
      }
    }
  }
}

extension [KernelShape] {
  /// Rows and head size.
  fileprivate static let heads = [(64, 32), (256, 64), (1_024, 64)].map { KernelShape(rows: $0.0, columns: $0.1) }
}

/// Rows of queries, keys and values among others that attention leaves alone, and scratch memory that holds no numbers.
private struct Segment {
  let places: AttentionPlaces
  let x: Operand
  /// Keys and values, where they are not in `x`.
  let memory: Operand
  /// Empty where scores have none.
  let biases: Operand
  let scratch: Operand

  /// One head that sees itself.
  @Sendable static func alone(_ shape: KernelShape, _ kernels: any KernelTable) -> Segment {
    Segment(shape, prefix: 0..<0, heads: 1, kernels)
  }

  /// Three heads of queries that share keys and values, behind a prefix of 21 rows with other rows before and after it.
  @Sendable static func continuing(_ shape: KernelShape, _ kernels: any KernelTable) -> Segment {
    Segment(shape, prefix: 2..<23, heads: 3, kernels)
  }

  /// The same with biases, of more distances than there are.
  @Sendable static func biased(_ shape: KernelShape, _ kernels: any KernelTable) -> Segment {
    Segment(shape, prefix: 2..<23, heads: 3, distances: 21 + shape.rows + 5, kernels)
  }

  /// Two heads of queries that share keys and values; all rows see each other, with biases.
  @Sendable static func full(_ shape: KernelShape, _ kernels: any KernelTable) -> Segment {
    Segment(shape, prefix: 0..<0, isCausal: false, heads: 2, distances: 2 * (shape.rows + 5) - 1, kernels)
  }

  /// Two heads of queries that see 39 rows of another matrix.
  @Sendable static func crossing(_ shape: KernelShape, _ kernels: any KernelTable) -> Segment {
    Segment(shape, prefix: 0..<0, heads: 2, memoryRows: 4..<43, kernels)
  }

  private init(
    _ shape: KernelShape, prefix: Range<Int>, isCausal: Bool = true, heads: Int, distances: Int = 0,
    memoryRows: Range<Int>? = nil,
    _ kernels: any KernelTable
  ) {
    let (size, first) = (shape.columns, prefix.isEmpty ? 0 : prefix.upperBound + 3)
    let queries = size..<(1 + heads) * size  // behind a head that is somebody else's
    places = AttentionPlaces(
      columns: (3 + heads) * size + 3, rows: first..<first + shape.rows, prefix: prefix, isCausal: isCausal, queries: queries,
      keys: queries.upperBound, values: queries.upperBound + size + 3,
      memory: memoryRows.map { .init(columns: queries.upperBound + 2 * size + 7, rows: $0) }, headSize: size,
      scale: Double(2 / Float(size).squareRoot()), stride: queries.upperBound + 1)
    x = .normal("x", places.rows.upperBound * places.columns)
    memory = .normal("memory", places.memory.map { $0.rows.upperBound * $0.columns } ?? 0)
    biases = .normal("biases", heads * distances)
    let visible = memoryRows?.count ?? prefix.count + shape.rows
    let count = kernels.attentionScratchElements(rows: shape.rows, visible: visible, headSize: size)
    scratch = Operand([Float](repeating: .nan, count: count))
  }

  /// Scores of all heads.
  var visible: Int {
    let rows = places.rows.count
    let seen = places.memory.map { rows * $0.rows.count } ?? (places.isCausal ? rows * (rows + 1) / 2 : rows * rows)
    return places.queries.count / places.headSize * (rows * places.prefix.count + seen)
  }
}

/// Every second of some responses to a prompt of 37 tokens, with 35 of their own or none, in panels for 64.
private struct DecodingState {
  static let (head, heads) = (1, 2)
  let queryHeads = 2
  let promptCount = 37
  let count: Int
  let slots: Int
  let shape: KernelShape
  let scale: Double
  /// (rows, columns)
  let x: Operand
  let columns: Int
  let queries: Range<Int>
  let stride: Int
  let responses: [Int]
  let promptKeys: Operand
  let promptValues: Operand
  /// (responses · heads, panels)
  let keys: Operand
  let values: Operand
  /// (query heads, distances), of more distances than there are; or empty.
  let biases: Operand
  let scratchCount: Int
  private let vectors: Vectors

  /// Keys and values as they are: (37, D), and (responses, 35, D).
  private struct Vectors {
    let promptKeys: [Float]
    let promptValues: [Float]
    let keys: [Float]
    let values: [Float]
  }

  init(_ shape: KernelShape, _ kernels: any KernelTable, count: Int = 35, hasBiases: Bool = false) {
    self.shape = shape
    self.count = count
    biases = .normal("biases", hasBiases ? queryHeads * (promptCount + count + 3) : 0)
    let (size, width) = (shape.columns, kernels.panelColumns)
    func whole(_ count: Int) -> Int { (count + width - 1) / width * width }
    slots = whole(count)
    scale = Double(2 / Float(size).squareRoot())
    queries = size..<(1 + queryHeads) * size
    columns = queries.upperBound + 5
    stride = queries.upperBound + 1
    x = .normal("x", shape.rows * columns)
    responses = (0..<shape.rows).map { 2 * $0 + 1 }
    scratchCount = shape.rows * (whole(promptCount) + whole(count))
    let owners = 2 * shape.rows
    vectors = Vectors(
      promptKeys: normalRow("promptKeys", count: promptCount * size),
      promptValues: normalRow("promptValues", count: promptCount * size),
      keys: normalRow("keys", count: owners * count * size), values: normalRow("values", count: owners * count * size))
    promptKeys = Operand(count: kernels.panelElements(rows: size, columns: promptCount))
    promptValues = Operand(count: kernels.panelElements(rows: promptCount, columns: size))
    keys = Operand([Float](repeating: .nan, count: owners * Self.heads * slots * size))
    values = Operand([Float](repeating: .nan, count: owners * Self.heads * slots * whole(size)))
    pack(kernels)
  }

  private func pack(_ kernels: any KernelTable) {
    let (size, owners) = (shape.columns, 2 * shape.rows)
    kernels.packPanels(
      vectors.promptKeys.span, rows: size, columns: promptCount, rowStride: 1, columnStride: size, into: promptKeys.writing)
    kernels.packPanels(
      vectors.promptValues.span, rows: promptCount, columns: size, rowStride: size, columnStride: 1, into: promptValues.writing)
    let (keySize, valueSize) = (keys.count / (owners * Self.heads), values.count / (owners * Self.heads))
    for owner in 0..<owners {
      let place = owner * Self.heads + Self.head
      var keyPanels = keys.writing
      var valuePanels = values.writing
      for slot in 0..<count {
        let vector = (owner * count + slot) * size..<(owner * count + slot + 1) * size
        kernels.appendToPanels(
          key: vectors.keys.span.extracting(vector), value: vectors.values.span.extracting(vector), slot: slot, slots: slots,
          keys: keyPanels._mutatingExtracting(place * keySize..<(place + 1) * keySize),
          values: valuePanels._mutatingExtracting(place * valueSize..<(place + 1) * valueSize))
      }
    }
  }

  /// Queries, and what they see.
  var readBytes: Double {
    let (rows, size) = (shape.rows, shape.columns)
    return Double(4 * (rows * queries.count + 2 * size * (promptCount + rows * count)))
  }

  func twin(_ y: [Double]) -> [Double] {
    var y = y
    let size = shape.columns
    for (row, owner) in responses.enumerated() {
      let own = owner * count * size..<(owner + 1) * count * size
      let keys = Twin.rows(of: (vectors.promptKeys + vectors.keys[own]).doubles, columns: size)
      let values = Twin.rows(of: (vectors.promptValues + vectors.values[own]).doubles, columns: size)
      for head in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: size) {
        let query = Array(x.doubles[row * columns + head..<row * columns + head + size])
        let end = ((head - queries.lowerBound) / size + 1) * biases.count / queryHeads
        y.replaceSubrange(
          row * stride + head..<row * stride + head + size,
          with: Twin.attention(
            query, keys: keys, values: values, scale: scale,
            biases: biases.count == 0 ? [] : Array(biases.doubles[end - keys.count..<end])))
      }
    }
    return y
  }
}
