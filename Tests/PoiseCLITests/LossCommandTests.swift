import PoiseFiles
import Testing

@Suite struct LossCommandTests {
  static let line = #"{"logps": [-1, -3], "ref_logps": [-2, -2], "preference": 1, "lengths": [2, 4]}"#

  /// h = 2; (h − 1/(2τ))² = (2 − 1)² and its slope 2(2 − 1).
  @Test func squaredFormIsTheSquareInPrint() throws {
    try expect(["--tau", "0.5", "--form", "squared"], Self.line, #"{"loss": 1, "coefficients": [2, -2], "h": 2}"#)
  }

  /// τh² − (2p − 1)(log π − log π′) = 0.5·4 − 2; τ times the square's slope.
  @Test func codeFormIsTauTimesTheSquareUpToAConstant() throws {
    try expect(["--tau", "0.5"], Self.line, #"{"loss": 0, "coefficients": [1, -1], "h": 2}"#)
  }

  /// Means −0.5, −0.75 against −1, −0.5: h = 0.75; coefficients are still derivatives by the sums.
  @Test func meanDividesByLengths() throws {
    try expect(
      ["--tau", "0.5", "--form", "squared", "--reduction", "mean"], Self.line,
      #"{"loss": 0.0625, "coefficients": [-0.25, 0.125], "h": 0.75}"#)
  }

  @Test func hardLabelsTakeTheMajority() throws {
    let line = #"{"logps": [-1, -3], "ref_logps": [-2, -2], "preference": 0.75}"#
    try expect(["--tau", "0.5", "--form", "squared"], line, #"{"loss": 2.25, "coefficients": [3, -3], "h": 2}"#)
    try expect(
      ["--tau", "0.5", "--form", "squared", "--labels", "hard"], line, #"{"loss": 1, "coefficients": [2, -2], "h": 2}"#)
  }

  @Test func doublesHaveSeventeenDigits() throws {
    let line = #"{"logps": [-0.1, 0], "ref_logps": [0, 0], "preference": 0.5}"#
    try expect(
      ["--tau", "1"], line,
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

  private func expect(_ options: [String], _ line: String, _ expected: String) throws {
    let result = try PoiseProcess(["loss", "--objective", "ipo", "--input", "-", "--json"] + options, input: line + "\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == expected + "\n")
  }
}
