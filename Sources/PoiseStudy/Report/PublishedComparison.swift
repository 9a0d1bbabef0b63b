/// The side-by-side table of Calandriello et al. 2024 (table 2), as far as a study has its methods: six online methods on XSum
/// prompts, judged by PaLM 2; means and standard deviations over nine pairs of seeds.
struct PublishedComparison {
  /// Of the study, which the paper has too.
  let methods: [String]
  /// The paper's row of each.
  private let rows: [String: Int]

  static let caption =
    "Calandriello et al. 2024, table 2: mean and standard deviation over nine pairs of seeds. Other models, texts and another judge: "
    + "what can be compared is the order, not the numbers."

  private static let names = ["ipo", "ipo-md", "dpo", "nash-md", "slic", "rl"]

  /// p(row ≻ column) above the diagonal; below it is one minus that.
  private static let means: [[Double]] = [
    [0.515, 0.608, 0.621, 0.608, 0.791], [0.600, 0.608, 0.594, 0.778], [0.520, 0.493, 0.727], [0.479, 0.729], [0.728],
  ]
  private static let deviations: [[Double]] = [
    [0.024, 0.038, 0.030, 0.025, 0.012], [0.028, 0.026, 0.020, 0.004], [0.041, 0.040, 0.020], [0.029, 0.020], [0.010],
  ]

  /// Nil for a study that shares fewer than two online methods with the paper, as they are in both.
  init?(methods: [Study.Method]) {
    let shared = methods.filter { !$0.isOffline && $0.name == $0.algorithm && Self.names.contains($0.algorithm) }
    guard shared.count > 1 else { return nil }
    self.methods = shared.map(\.name)
    rows = Dictionary(uniqueKeysWithValues: shared.map { ($0.name, Self.names.firstIndex(of: $0.algorithm)!) })
  }

  /// Nil for a method and itself.
  func cell(_ row: String, _ column: String) -> (mean: Double, deviation: Double)? {
    guard let row = rows[row], let column = rows[column], row != column else { return nil }
    let (first, second) = (min(row, column), max(row, column) - min(row, column) - 1)
    let mean = Self.means[first][second]
    return (row < column ? mean : 1 - mean, Self.deviations[first][second])
  }
}
