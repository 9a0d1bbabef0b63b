import Foundation
import PoiseFiles
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct NashCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func game(_ text: String, _ name: String = "game.json") throws -> String { try folder.file(name, text) }

  static let skewed = """
    {"preferences": [[0.5, 0.9, 0.1], [0.1, 0.5, 0.9], [0.9, 0.1, 0.5]], "reference": [0.6, 0.3, 0.1]}
    """

  @Test func everyAlgorithmHasALine() throws {
    let file = try game(Self.skewed)
    let records = try PoiseProcess.succeed("nash", "--game", file, "--tau", "0.1", "--mixture", "0.125", "--json").records()
    #expect(
      records.map { $0["algorithm"]?.string } == [
        "nash", "online-ipo", "ipo-md", "nash-md", "self-play", "best-response", "offline-ipo", "online-dpo", "offline-dpo",
        "online-slic", "rl",
      ])
    for record in records {
      #expect(record["policy"]?.array?.count == 3)
      #expect(record["iterations"]?.double != nil && record["kl"]?.double != nil)
      #expect(record["settles"]?.bool == (record["algorithm"]?.string != "online-slic"))
      #expect(record["leading_eigenvalue"]?.array?.count == 2)
    }
    // Printed figures of the equilibrium, and of the policy that IPO-MD overshoots it by.
    #expect(abs(try number(records[0], "raw_exploitability") - 0.0992) < 5e-5)
    #expect(abs(try number(records[2], "exploitability") - 0.0021) < 5e-5)
    #expect(abs(try number(records[0], "exploitability")) < 1e-12)
    #expect(try number(records[0], "tv_to_nash") == 0)
    #expect(try number(records[0], "win_rate_vs_reference") > 0.5)
  }

  @Test func oneAlgorithmCanBeChosen() throws {
    let records = try PoiseProcess.succeed(
      "nash", "--example", "skewed-rock-paper-scissors", "--algorithm", "best-response", "--json"
    ).records()
    #expect(records.map { $0["algorithm"]?.string } == ["best-response"])
    #expect(abs(try number(records[0], "exploitability") - 0.1154) < 5e-5)
  }

  /// The likelihood of rewards has no maximum where an answer never loses, and everything else goes on.
  @Test func algorithmsWithoutAnEndSayWhy() throws {
    let file = try game(#"{"preferences": [[0.5, 1], [0, 0.5]]}"#)
    let records = try PoiseProcess.succeed("nash", "--game", file, "--json").records()
    let rl = try #require(records.last)
    #expect(rl["policy"] == .null && rl["reason"]?.string?.contains("Bradley–Terry scores do not exist") == true)
    #expect(records[1]["policy"]?.array?.count == 2)
    #expect(try PoiseProcess.succeed("nash", "--game", file).output.contains("rl has no end. Bradley–Terry scores do not exist"))
  }

  @Test func peopleGetTables() throws {
    let text = try PoiseProcess.succeed("nash", "--example", "skewed-rock-paper-scissors").output
    for part in [
      "3 actions, temperature 0.1", "duality gap", "rock", "█", "online-slic", "orbits for ever", "spirals in", "KL to reference",
    ] { #expect(text.contains(part), "\(part) is missing from\n\(text)") }
  }

  @Test func waysAreWrittenAndDrawn() throws {
    let (points, drawing) = ("\(folder.path)/ways.jsonl", "\(folder.path)/ways.svg")
    _ = try PoiseProcess.succeed(
      "nash", "--example", "skewed-rock-paper-scissors", "--steps", "200", "--trajectories", points, "--draw", drawing, "--pairs",
      "4", "--momentum", "0.5", "--flow", "natural", "--start", "0.2,0.3,0.5")
    let lines = try String(decoding: Files.read(points), as: UTF8.self).split(separator: "\n").map {
      try JSON(parsing: String($0))
    }
    #expect(lines.count == 11 * 201)
    #expect(lines[0]["policy"]?.array?.compactMap(\.double) == [0.2, 0.3, 0.5])
    #expect(try number(lines[0], "kl_from_nash") > 0)
    let svg = String(decoding: try Files.read(drawing), as: UTF8.self)
    #expect(svg.components(separatedBy: "<polyline").count == 12)
    #expect(XMLParser(data: Data(svg.utf8)).parse())
  }

  static let refusals: [(String, String)] = [
    (
      #"{"preferences": [[0.5, 0.7], [0.4, 0.5]]}"#,
      "preferences of action 1 over action 0 and of action 0 over action 1 add up to 1.1"
    ),
    (#"{"preferences": [[0.5, 0.7], [0.3, 0.5]], "reference": [1, 0]}"#, "gives action 1 the probability 0"),
    (#"{"preferences": [[0.5, NaN], [0.3, 0.5]]}"#, "game.json"),
    (#"{"preferences": [[0.5, 0.7], [0.3]]}"#, "Row 1 of the matrix has 1 entries where 2 were expected"),
    (#"{"preferences": []}"#, "The preference matrix is empty"),
    (#"{"preferences": [[0.5, 1.5], [-0.5, 0.5]]}"#, "The preference of action 0 over action 1 is 1.5"),
    (#"{"preferences": [[0.5, "a"], [0.3, 0.5]]}"#, "game.json"),
    (#"{"references": [1]}"#, "game.json"),
  ]

  @Test(arguments: refusals) func invalidGamesAreRefused(_ text: String, _ part: String) throws {
    let process = try PoiseProcess(["nash", "--game", try game(text)])
    #expect(process.status == 65 && process.output.isEmpty)
    #expect(process.errors.contains(part), "\(process.errors)")
    #expect(process.errors.split(separator: "\n").count == 1)
  }

  static let misuses: [[String]] = [
    ["nash"], ["nash", "--example", "dice", "--game", "x.json"], ["nash", "--example", "dice", "--tau", "0"],
    ["nash", "--example", "dice", "--algorithm", "ppo"], ["nash", "--example", "dice", "--mixture", "2"],
    ["nash", "--example", "dominated-rock-paper-scissors", "--draw", "/tmp/never-written.svg"],
    ["nash", "--example", "dice", "--start", "1,0,0"],
    ["nash", "--example", "dice", "--draw", "/tmp/never-written.svg", "--start", "1,0,0"],
    ["nash", "--example", "dice", "--judge", "rubric"], ["nash", "--policies", "/nowhere"],
    ["nash", "--policies", "/nowhere", "--prompts", "/nowhere", "--judge", "rubric"],
  ]

  @Test(arguments: misuses) func wrongUsageIsExplained(_ arguments: [String]) throws {
    let process = try PoiseProcess(arguments)
    #expect(process.status == 64 && process.output.isEmpty)
    #expect(!Files.exists("/tmp/never-written.svg"))
  }

  @Test func policiesMeetEachOther() throws {
    let trained = try TrainedModel.shared.get()
    let lines = try PoiseProcess.succeed(
      "nash", "--policies", "one=\(trained.model)", trained.model, "--prompts", trained.prompts, "--judge", "rubric",
      "--max-new-tokens", "8", "--quiet", "--json"
    ).records()
    #expect(lines.count == 3 && lines[0]["policy"] == "one" && lines[2]["cyclic"] == false)
    let nameless = try PoiseProcess([
      "nash", "--policies", trained.model, trained.model, "--prompts", trained.prompts, "--judge", "rubric",
    ])
    #expect(nameless.status == 64 && nameless.errors.contains("Two policies are called"))
  }

  @Test func unseenPairsAreTiesWhereThatIsSaid() throws {
    let file = try game("winner,loser\na,b\nb,c\nb,a\nc,b\n", "raters.csv")
    let refused = try PoiseProcess(["nash", "--game", file])
    #expect(refused.status == 65 && refused.errors.contains("No votes compare \"a\" with \"c\""))
    let records = try PoiseProcess.succeed("nash", "--game", file, "--unseen", "ties", "--algorithm", "nash", "--json").records()
    #expect(records[0]["policy"]?.array?.count == 3)
  }

  @Test func missingGamesAreMissingInput() throws {
    #expect(try PoiseProcess(["nash", "--game", "/nowhere/game.json"]).status == 66)
  }

  private func number(_ record: JSON, _ name: String) throws -> Double { try #require(record[name]?.double) }
}
