import PoiseFiles
import Testing

@Suite struct LossCommandTests {
  static let line = #"{"logps": [-1, -3], "ref_logps": [-2, -2], "preference": 1, "lengths": [2, 4]}"#

  /// h = 2; (h − 1/(2τ))² = (2 − 1)² and its slope 2(2 − 1).
  @Test func squaredFormIsTheSquareInPrint() throws {
    try expect("ipo", ["--tau", "0.5", "--form", "squared"], Self.line, #"{"loss": 1, "coefficients": [2, -2], "h": 2}"#)
  }

  /// τh² − (2p − 1)(log π − log π′) = 0.5·4 − 2; τ times the square's slope.
  @Test func codeFormIsTauTimesTheSquareUpToAConstant() throws {
    try expect("ipo", ["--tau", "0.5"], Self.line, #"{"loss": 0, "coefficients": [1, -1], "h": 2}"#)
  }

  /// Means −0.5, −0.75 against −1, −0.5: h = 0.75; coefficients are still derivatives by the sums.
  @Test func meanDividesByLengths() throws {
    try expect(
      "ipo", ["--tau", "0.5", "--form", "squared", "--reduction", "mean"], Self.line,
      #"{"loss": 0.0625, "coefficients": [-0.25, 0.125], "h": 0.75}"#)
  }

  static let undecided = #"{"logps": [-1, -3], "ref_logps": [-2, -2], "preference": 0.75}"#

  @Test(arguments: ["argmax", "hard"]) func argmaxLabelsTakeTheMajority(_ labels: String) throws {
    let options = ["--tau", "0.5", "--form", "squared"]
    try expect("ipo", options, Self.undecided, #"{"loss": 2.25, "coefficients": [3, -3], "h": 2}"#)
    try expect("ipo", options + ["--labels", labels], Self.undecided, #"{"loss": 1, "coefficients": [2, -2], "h": 2}"#)
  }

  /// A certain label of which a quarter is taken to be wrong is the preference ¾.
  @Test func smoothedLabelsAreLessCertain() throws {
    try expect(
      "ipo", ["--tau", "0.5", "--form", "squared", "--labels", "argmax", "--label-smoothing", "0.25"], Self.undecided,
      #"{"loss": 2.25, "coefficients": [3, -3], "h": 2}"#)
  }

  /// At h = 0 the coefficient of IPO is −1 for the label 1 and 1 for the label 0.
  @Test func bernoulliLabelsAreDrawnBySeedAndLine() throws {
    let lines = String(repeating: #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 0.75}"# + "\n", count: 400)
    func coefficients(_ seed: String) throws -> [Double] {
      try PoiseProcess.succeed("loss", "--labels", "bernoulli", "--seed", seed, "--input", "-", "--json", input: lines).records()
        .map { try #require($0["coefficients"]?.array?.first?.double) }
    }
    let drawn = try coefficients("1")
    #expect(drawn.count == 400 && drawn.allSatisfy { abs($0) == 1 })
    // 300 ± 8.7 are expected to be −1; this seed's draws are what they are.
    #expect((270...330).contains(drawn.count { $0 == -1 }))
    #expect(try coefficients("1") == drawn)
    #expect(try coefficients("2") != drawn)
  }

  /// h = 0: log 2, and −τ(p − ½) = −½·¼.
  @Test func directPreferenceOptimization() throws {
    try expect(
      "dpo", ["--tau", "0.5"], #"{"logps": [-1, -3], "ref_logps": [-2, -4], "preference": 0.75}"#,
      #"{"loss": 0.69314718055994529, "coefficients": [-0.125, 0.125], "h": 0}"#)
  }

  /// u = ½: ¾·½ + ¼·1½, and −τ(2p − 1).
  @Test func hinge() throws {
    try expect("slic", ["--tau", "0.25"], Self.undecided, #"{"loss": 0.75, "coefficients": [-0.125, 0.125], "h": 2}"#)
  }

  /// m = 2. With δ = 1 the hinge of the other direction is left: ¼·3. With δ = 4 both: ¾·2 + ¼·6, beside λ = ½ times
  /// ¾·1 + ¼·3.
  @Test func sequenceLikelihoodCalibration() throws {
    try expect("slic-hf", [], Self.undecided, #"{"loss": 0.75, "coefficients": [0.25, -0.25], "h": 2}"#)
    try expect(
      "slic-hf", ["--slic-margin", "4", "--slic-regularization", "0.5"], Self.undecided,
      #"{"loss": 3.75, "coefficients": [-0.875, 0.375], "h": 2}"#)
  }

  static let rewarded = #"{"logps": [-1, -3], "ref_logps": [-2, -2], "rewards": [1, 0.5], "baseline": 0.25, "lengths": [2, 4]}"#

  /// Advantages ¾ and ¼, log-ratios 1 and −1: weights ¾ − ½ and ¼ + ½, the loss ¼·1 + ¾·3. Means: log-ratios ½ and −¼,
  /// weights ½ and ⅜, the loss ½·½ + ⅜·¾; coefficients are still derivatives by the sums. Without baseline: weights ½ and 1.
  @Test func policyGradientOnRewards() throws {
    try expect("rl", ["--tau", "0.5"], Self.rewarded, #"{"loss": 2.5, "coefficients": [-0.25, -0.75], "h": 2}"#)
    try expect(
      "rl", ["--tau", "0.5", "--reduction", "mean"], Self.rewarded,
      #"{"loss": 0.53125, "coefficients": [-0.25, -0.09375], "h": 0.75}"#)
    try expect(
      "rl", ["--tau", "0.5"], #"{"logps": [-1, -3], "ref_logps": [-2, -2], "rewards": [1, 0.5], "preference": 0.75}"#,
      #"{"loss": 3.5, "coefficients": [-0.5, -1], "h": 2}"#)
  }

  /// The weight ¾ − ½ − ½·1.
  @Test func policyGradientOnPreferences() throws {
    try expect("nash-md", ["--tau", "0.5"], Self.undecided, #"{"loss": -0.25, "coefficients": [0.25, 0], "h": 2}"#)
  }

  @Test func theTableHasTheSameNumbers() throws {
    let result = try PoiseProcess.succeed("loss", "--objective", "rl", "--tau", "0.5", "--input", "-", input: Self.rewarded)
    let row = try #require(result.output.split(separator: "\n").last)
    #expect(row.split(separator: " ").map(String.init) == ["1", "2", "2.5", "-0.25", "-0.75"])
  }

  @Test(arguments: [
    ("rl", #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1}"#, "\"rewards\" is missing; two finite numbers"),
    ("ipo", #"{"logps": [0, 0], "ref_logps": [0, 0], "rewards": [1, 0]}"#, "\"preference\" is missing; p(first ≻ second)"),
    ("nash-md", #"{"logps": [0, 0], "ref_logps": [0, 0]}"#, "\"preference\" is missing"),
  ])
  func whatAnObjectiveLearnsFromMustBeThere(_ objective: String, _ line: String, _ problem: String) throws {
    let complete = #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1, "rewards": [1, 0]}"#
    let result = try PoiseProcess(
      ["loss", "--objective", objective, "--input", "-", "--json"], input: complete + "\n" + line + "\n")
    #expect(result.status == 65)
    #expect(result.errors.contains("line 2: \(problem)"), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test(arguments: [
    ["--label-smoothing", "0.6"], ["--label-smoothing", "-0.1"], ["--slic-margin", "-1"], ["--slic-regularization", "-1"],
    ["--labels", "certain"], ["--objective", "ppo"], ["--seed", "-1"], ["--tau", "0"],
  ])
  func optionsOutOfRangeAreUsageErrors(_ options: [String]) throws {
    let result = try PoiseProcess(["loss", "--input", "-"] + options, input: Self.line)
    #expect(result.status == 64)
    #expect(result.errors.contains(options[0]), "\(result.errors)")
  }

  @Test func doublesHaveSeventeenDigits() throws {
    let line = #"{"logps": [-0.1, 0], "ref_logps": [0, 0], "preference": 0.5}"#
    try expect(
      "ipo", ["--tau", "1"], line,
      #"{"loss": 0.010000000000000002, "coefficients": [-0.20000000000000001, 0.20000000000000001], "h": -0.10000000000000001}"#)
  }

  @Test(arguments: [
    (#"{"ref_logps": [0, 0], "preference": 1}"#, "\"logps\" is missing"),
    (#"{"logps": [0, 0, 0], "ref_logps": [0, 0], "preference": 1}"#, "\"logps\" is [0, 0, 0]; two finite numbers"),
    (#"{"logps": [0, 1e999], "ref_logps": [0, 0], "preference": 1}"#, "finite"),
    (
      #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1.5}"#,
      "\"preference\" is 1.5; p(first ≻ second), a number from 0 to 1"
    ),
    (#"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1, "lengths": [1, 0]}"#, "\"lengths\" is [1, 0]"),
    (#"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1, "rewards": [1]}"#, "\"rewards\" is [1]; two finite numbers"),
    (
      #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1, "baseline": "low"}"#,
      "\"baseline\" is \"low\"; a finite number was expected"
    ),
    (#"{"logps": [0, 0], "ref_logps": [0, 0]}"#, "\"preference\" is missing"),
    (#"[1]"#, "\"logps\" is missing"),
    (#"{"logps": "#, "not valid JSON"),
  ])
  func wrongLinesAreNamed(_ line: String, _ problem: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("pairs.jsonl", Self.line + "\n\n" + line + "\n")
    let result = try PoiseProcess(["loss", "--input", file, "--json"])
    #expect(result.status == 65)
    #expect(result.errors.hasPrefix("poise: \(file), line 3: "))
    #expect(result.errors.contains(problem), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test func meanNeedsLengths() throws {
    let result = try PoiseProcess(
      ["loss", "--input", "-", "--reduction", "mean"], input: #"{"logps": [0, 0], "ref_logps": [0, 0], "preference": 1}"#)
    #expect(result.status == 65)
    #expect(result.errors.contains("line 1: \"lengths\" was expected"))
  }

  private func expect(
    _ objective: String, _ options: [String], _ line: String, _ expected: String
  ) throws {
    let result = try PoiseProcess(["loss", "--objective", objective, "--input", "-", "--json"] + options, input: line + "\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == expected + "\n")
  }
}
