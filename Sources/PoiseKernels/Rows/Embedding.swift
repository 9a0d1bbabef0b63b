// Rows of a table by token. Goals: exact copies, additions rounded once; token ids are checked, for they come from files.

extension Kernels {
  /// x_t ← table[token_t].
  public func embeddingForward(
    _ table: Span<Float>, tokens: Span<Int32>, columns: Int, into x: consuming MutableSpan<Float>
  ) {
    precondition(x.count == tokens.count * columns)
    for t in tokens.indices {
      let row = table.extracting(rowRange(Int(tokens[t]), of: columns))
      var output = x._mutatingExtracting(rowRange(t, of: columns))
      for c in row.indices { output[c] = row[c] }
    }
  }

  /// x_t ← x_t + table[token_t].
  public func embeddingForward(
    _ table: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo x: consuming MutableSpan<Float>
  ) {
    precondition(x.count == tokens.count * columns)
    for t in tokens.indices {
      add(table.extracting(rowRange(Int(tokens[t]), of: columns)), addingTo: x._mutatingExtracting(rowRange(t, of: columns)))
    }
  }

  /// dtable[token_t] ← dtable[token_t] + dx_t, in the order of t.
  public func embeddingBackward(
    _ dX: Span<Float>, tokens: Span<Int32>, columns: Int, addingTo dTable: consuming MutableSpan<Float>
  ) {
    precondition(dX.count == tokens.count * columns)
    for t in tokens.indices {
      add(dX.extracting(rowRange(t, of: columns)), addingTo: dTable._mutatingExtracting(rowRange(Int(tokens[t]), of: columns)))
    }
  }
}
