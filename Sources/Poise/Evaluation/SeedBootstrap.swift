/// The interval of a win rate between two methods that are known by a few seeds on some prompts: what is independent is drawn with
/// replacement, the row's seeds, the column's, and the prompts (Owen 2007). With three seeds an interval cannot be exact; it is
/// wider than one over prompts alone, as it should be.
package enum SeedBootstrap {
  /// - Parameter pairs: p(row ≻ column) by the row's seed, the column's, and prompt.
  package static func interval(_ pairs: [[[Double]]], resamples: Int = 1_000) -> ClosedRange<Double> {
    let verdicts = pairs.map { $0.map { $0.map(SideBySide.verdict) } }
    let (rows, columns, prompts) = (verdicts.count, verdicts[0].count, verdicts[0][0].count)
    return Bootstrap.interval(
      (0..<resamples).map { resample in
        let drawnRows = Bootstrap.draws(rows, seed: 1, resample: resample)
        let drawnColumns = Bootstrap.draws(columns, seed: 2, resample: resample)
        let drawnPrompts = Bootstrap.draws(prompts, seed: 3, resample: resample)
        let sum = drawnRows.reduce(0.0) { sum, row in
          drawnColumns.reduce(sum) { sum, column in
            let verdicts = verdicts[row][column]
            return drawnPrompts.reduce(sum) { $0 + verdicts[$1] }
          }
        }
        return sum / Double(rows * columns * prompts)
      })
  }
}
