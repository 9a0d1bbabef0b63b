// Attention of the latest tokens of several responses to the prompt they share, in one product, and to their own past, each for
// itself. Keys and values come packed from the cache. Goals as in `Attention`, and its bits: a row of scores is the prompt's
// columns and, next to the last of them, the response's own, so that sums take the same terms in the same lanes.

extension Kernels {
  /// Puts one key and value in the place of column and row `slot` of panels: keys (D, slots), values (slots, D).
  public func appendToPanels(
    key: Span<Float>, value: Span<Float>, slot: Int, slots: Int, keys: consuming MutableSpan<Float>,
    values: consuming MutableSpan<Float>
  ) {
    let headSize = key.count
    precondition(value.count == headSize && slot < slots && slots.isMultiple(of: panelWidth))
    let start = slot / panelWidth * panelWidth * headSize + slot % panelWidth
    for d in 0..<headSize {
      keys[start + d * panelWidth] = key[d]
      values[d / panelWidth * panelWidth * slots + slot * panelWidth + d % panelWidth] = value[d]
    }
  }

  /// Rows of y ← attention of the rows of x, for each head of `queries`, to a prompt and to the responses' own tokens, if there
  /// are any.
  public func decodingAttention(
    _ x: Span<Float>, rows: Int, columns: Int, queries: Range<Int>, headSize: Int, scale: Float, biases: Span<Float>,
    promptCount: Int, promptKeys: Span<Float>, promptValues: Span<Float>, responses: Span<Int>, head: Int, heads: Int,
    count: Int, slots: Int, keys: Span<Float>, values: Span<Float>, scratch: consuming MutableSpan<Float>,
    into y: consuming MutableSpan<Float>, stride: Int
  ) {
    let promptColumns = wholePanels(promptCount)
    let scoreStride = promptColumns + wholePanels(count)
    let visible = promptCount + count
    // Of a row of biases, the last is that of distance 0: the latest token's own.
    let distances = biases.count / max(queries.count / headSize, 1)
    precondition(biases.isEmpty || (distances >= visible && biases.count == queries.count / headSize * distances))
    let (keySize, valueSize) = (slots * headSize, slots * wholePanels(headSize))
    precondition(rows > 0 && x.count >= (rows - 1) * columns + queries.upperBound && queries.upperBound <= columns)
    precondition(y.count >= (rows - 1) * stride + queries.upperBound && responses.count == rows)
    precondition(scratch.count >= rows * scoreStride && 0 <= count && count <= slots && promptCount > 0)
    precondition((count == 0) == keys.isEmpty && keys.isEmpty == values.isEmpty)
    precondition(promptKeys.count >= promptColumns * headSize && promptValues.count >= promptCount * wholePanels(headSize))
    for row in 0..<rows {
      let place = responses[row] * heads + head
      precondition(place >= 0 && keys.count >= (place + 1) * keySize && values.count >= (place + 1) * valueSize)
    }
    unsafe x.withUnsafeBufferPointer { x in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        unsafe y.withUnsafeMutableBufferPointer { y in
          unsafe withBases(promptKeys, promptValues, keys, values) { promptKeys, promptValues, keys, values in
            let scores = scratch.baseAddress!
            for query in Swift.stride(from: queries.lowerBound, to: queries.upperBound, by: headSize) {
              let left = unsafe LeftFactor(start: x.baseAddress! + query, rowStride: columns, columnStride: 1)
              unsafe multiply(
                left, rows: rows, panels: promptKeys, inner: headSize, columns: promptColumns, adding: false, into: scores,
                stride: scoreStride)
              for row in 0..<rows {
                // Over what the product left in the prompt's last panel.
                if let keys {
                  let own = unsafe scores + row * scoreStride + promptCount
                  unsafe multiply(
                    left.rows(from: row), rows: 1, panels: keys + (responses[row] * heads + head) * keySize, inner: headSize,
                    columns: wholePanels(count), adding: false, into: own, stride: scoreStride)
                }
                let start = unsafe scores + row * scoreStride
                for column in visible..<wholeLanes(visible) { unsafe start[column] = -.infinity }
                if !biases.isEmpty {
                  let end = ((query - queries.lowerBound) / headSize + 1) * distances
                  var seen = unsafe MutableSpan(_unsafeStart: start, count: visible)
                  addBiases(biases.extracting(end - visible..<end), scale: scale, to: &seen)
                }
              }
              for first in Swift.stride(from: 0, to: rows, by: rowsTogether) {
                unsafe formSoftmax(
                  ScoreRows(
                    scores + first * scoreStride, stride: scoreStride, rows: min(rowsTogether, rows - first),
                    columns: wholeLanes(visible)),
                  scale: biases.isEmpty ? scale : 1)
              }
              let output = unsafe y.baseAddress! + query
              unsafe multiply(
                LeftFactor(start: scores, rowStride: scoreStride, columnStride: 1), rows: rows, panels: promptValues,
                inner: promptCount, columns: headSize, adding: false, into: output, stride: stride)
              guard let values else { continue }
              for row in 0..<rows {
                unsafe multiply(
                  LeftFactor(start: scores + row * scoreStride + promptCount, rowStride: scoreStride, columnStride: 1), rows: 1,
                  panels: values + (responses[row] * heads + head) * valueSize, inner: count, panelRows: slots, columns: headSize,
                  adding: true, into: output + row * stride, stride: stride)
              }
            }
          }
        }
      }
    }
  }

  /// Where spans begin; of the last two, nil where they are empty.
  private func withBases(
    _ a: Span<Float>, _ b: Span<Float>, _ c: Span<Float>, _ d: Span<Float>,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) {
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeBufferPointer { c in
          unsafe d.withUnsafeBufferPointer { d in
            unsafe body(a.baseAddress!, b.baseAddress!, c.isEmpty ? nil : c.baseAddress, d.isEmpty ? nil : d.baseAddress)
          }
        }
      }
    }
  }
}
