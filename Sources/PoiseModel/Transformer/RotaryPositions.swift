import PoiseKernels

/// Rotary positions (Su et al. 2021): the angle of position p and pair i is p·θᵢ.
extension Transformer {
  /// Fills the tables of a new workspace. They reach as far as its longest group, not as far as the model: a configuration may
  /// claim a million positions and pays for those that are used. Angles are reduced in double precision.
  func tabulateRotations(into tables: ActivationLayout.Rotations, _ a: Arena) {
    guard case .rotary(let base, let scaling) = configuration.positions else { return }
    let frequencies = scaling.frequencies(base: base, headSize: configuration.headSize)
    func fill(_ table: Tensor, _ function: (Double) -> Double) {
      var values = a[writing: table]
      for position in 0..<table.rows {
        for (pair, frequency) in frequencies.enumerated() {
          let value = scaling.amplitude * function(Double(position) * frequency)
          values[position * frequencies.count + pair] = Float(value)
        }
      }
    }
    fill(tables.cosines, cosine)
    fill(tables.sines, sine)
  }

  func rotateForward(
    _ queryKeyValue: Tensor, _ tables: ActivationLayout.Rotations, positions: Span<Int32>, rows: Int, _ a: Arena
  ) {
    guard case .rotary = configuration.positions else { return }
    kernels.rotaryForward(
      positions: positions, cosines: a[tables.cosines], sines: a[tables.sines],
      heads: configuration.headCount + configuration.keyValueHeadCount, headSize: configuration.headSize,
      columns: queryKeyValue.columns, updating: a[writing: queryKeyValue, rows: 0..<rows])
  }

  func rotateBackward(
    _ dQueryKeyValue: Tensor, _ tables: ActivationLayout.Rotations, positions: Span<Int32>, rows: Int, _ a: Arena
  ) {
    guard case .rotary = configuration.positions else { return }
    kernels.rotaryBackward(
      positions: positions, cosines: a[tables.cosines], sines: a[tables.sines],
      heads: configuration.headCount + configuration.keyValueHeadCount, headSize: configuration.headSize,
      columns: dQueryKeyValue.columns, updating: a[writing: dQueryKeyValue, rows: 0..<rows])
  }
}
