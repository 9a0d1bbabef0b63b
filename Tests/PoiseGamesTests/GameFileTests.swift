import Foundation
import PoiseFiles
import PoiseGames
import Testing

@Suite struct GameFileTests {
  /// What a file with this content is read as.
  private func read(
    _ content: some Sequence<UInt8>, unseen: PreferenceGame.UnseenPairs = .refused
  ) throws -> NamedGame {
    let path = FileManager.default.temporaryDirectory.appending(path: "game-\(UUID().uuidString)").path
    defer { Files.remove(path) }
    try Data(content).write(to: URL(fileURLWithPath: path))
    return try GameFile.read(path, unseen: unseen)
  }

  private func read(_ content: String, unseen: PreferenceGame.UnseenPairs = .refused) throws -> NamedGame {
    try read(content.utf8, unseen: unseen)
  }

  /// That a content is refused as bad data, in words and at a line.
  private func expectRefusal(
    _ content: String, _ words: String, line: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) { try read(content) }
    guard let error else { return }
    #expect(error.problem.contains(words), sourceLocation: sourceLocation)
    #expect(error.line == line, sourceLocation: sourceLocation)
    #expect(error.category == .badData, sourceLocation: sourceLocation)
    #expect(error.description.hasPrefix(error.path), sourceLocation: sourceLocation)
  }

  private let cycle = [[0.5, 0.75, 0.25], [0.25, 0.5, 0.875], [0.75, 0.125, 0.5]]

  /// A megabyte of comparisons may name a quarter of a million actions, whose matrix would take half a terabyte.
  @Test func comparisonsOfVeryManyActionsAreRefused() {
    let rows = (0..<1_500).map { "a\($0),b\($0)\n" }
    expectRefusal("winner,loser\n" + rows.joined(), "The file compares 3000 actions")
  }

  // MARK: JSON

  @Test func jsonOfPreferencesSaysAllThereIs() throws {
    let named = try read(
      """
      {"preferences": [[0.5, 0.75, 0.25], [0.25, 0.5, 0.875], [0.75, 0.125, 0.5]], "reference": [0.5, 0.25, 0.25],
       "data": [0, 0, 1], "rewards": [-1, 2.5, 1e3], "actions": ["rock", "paper", "ciseaux é"]}
      """)
    let game = try PreferenceGame(
      preferences: cycle, reference: [0.5, 0.25, 0.25], data: [0, 0, 1], rewards: [-1, 2.5, 1000])
    #expect(named == NamedGame(game: game, actions: ["rock", "paper", "ciseaux é"]))
  }

  @Test func actionsAreNumberedWhereNobodyNamesThem() throws {
    let named = try read(#" {"preferences": [[0.5, 1], [0, 0.5]]}"#)
    #expect(named.actions == ["0", "1"])
    #expect(named.game.reference == [0.5, 0.5])
    #expect(named.game.data == nil)
    #expect(named.game.rewards == nil)
  }

  @Test func jsonOfVotesIsTallied() throws {
    let named = try read(#"{"votes": [[0, 3], [1, 0]], "actions": ["a", "b"], "rewards": [1, 0]}"#)
    #expect(named.game[0, 1] == 0.75)
    #expect(named.game.rewards == [1, 0])
    expectRefusal(#"{"votes": [[0, 0], [0, 0]], "actions": ["a", "b"]}"#, #"No votes compare "a" with "b""#)
    #expect(try read(#"{"votes": [[0, 0], [0, 0]]}"#, unseen: .ties).game[0, 1] == 0.5)
  }

  @Test func jsonThatIsNoGameIsRefusedByEntry() {
    expectRefusal("[1, 2]", "A JSON object with")
    expectRefusal("{}", "Either \"preferences\" or \"votes\"")
    expectRefusal(#"{"preferences": [[0.5]], "votes": [[0]]}"#, "and not both")
    expectRefusal(#"{"preferences": [[0.5]], "refrence": [1]}"#, "The key \"refrence\" is unknown")
    expectRefusal(#"{"preferences": "none"}"#, "\"preferences\" should be a list of rows, and is a string")
    expectRefusal(#"{"preferences": [0.5]}"#, "Row 0 of \"preferences\" should be a list of numbers, and is a number")
    expectRefusal(
      #"{"preferences": [[0.5, "1"], [0, 0.5]]}"#, "Row 0 of \"preferences\" should be a list of numbers, and its entry 1")
    expectRefusal(#"{"preferences": [[0.5]], "reference": 1}"#, "\"reference\" should be a list of numbers, and is a number")
    expectRefusal(#"{"preferences": [[0.5]], "data": null}"#, "\"data\" should be a list of numbers")
    expectRefusal(#"{"preferences": [[0.5]], "rewards": [true]}"#, "\"rewards\" should be a list of numbers, and its entry 0")
    expectRefusal(#"{"preferences": []}"#, "The preference matrix is empty")
    expectRefusal(#"{"preferences": [[0.5, 1], [0]]}"#, "Row 1 of the matrix has 1 entries where 2")
    expectRefusal(#"{"preferences": [[0.5, 1e999], [0, 0.5]]}"#, "The preference of action 0 over action 1 is inf")
    expectRefusal(#"{"preferences": [[0.5]], "rewards": [1, 2]}"#, "The list of rewards has 2 entries")
  }

  @Test func jsonErrorsNameActionsAsTheFileDoes() {
    let names = #""actions": ["rock", "paper"]"#
    expectRefusal(
      #"{"preferences": [[0.5, 1], [0.5, 0.5]], \#(names)}"#,
      "of \"paper\" over \"rock\" and of \"rock\" over \"paper\" add up to 1.5")
    expectRefusal(#"{"preferences": [[0.5, 1], [0, 0.25]], \#(names)}"#, "The preference of \"paper\" over itself is 0.25")
    expectRefusal(
      #"{"preferences": [[0.5, 1], [0, 0.5]], "reference": [1, 0], \#(names)}"#, "gives \"paper\" the probability 0.0")
    expectRefusal(#"{"votes": [[0, -1], [1, 0]], \#(names)}"#, "The votes for \"rock\" over \"paper\" are -1")
  }

  @Test func namesOfActionsAreOneEachAndDifferent() {
    expectRefusal(#"{"preferences": [[0.5]], "actions": ["a", "b"]}"#, "\"actions\" has 2 names where the matrix has 1 rows")
    expectRefusal(#"{"preferences": [[0.5]], "actions": [1]}"#, "\"actions\" should be a list of strings")
    expectRefusal(#"{"preferences": [[0.5]], "actions": "a"}"#, "\"actions\" should be a list of strings")
    expectRefusal(#"{"preferences": [[0.5]], "actions": [""]}"#, "The name of action 0 is empty")
    expectRefusal(#"{"preferences": [[0.5, 1], [0, 0.5]], "actions": ["a", "a"]}"#, "Two actions are called \"a\"")
  }

  @Test func tokensThatAreNoJSONHaveALine() {
    expectRefusal("{\"preferences\":\n [[0.5, NaN], [0, 0.5]]}", "this is not valid JSON (column 9", line: 2)
  }

  // MARK: CSV

  @Test func csvOfPreferencesNamesItsActions() throws {
    let plain = ",rock,paper,scissors\nrock,0.5,0.75,0.25\npaper,0.25,0.5,0.875\nscissors,0.75,0.125,0.5\n"
    let game = try PreferenceGame(preferences: cycle)
    #expect(try read(plain) == NamedGame(game: game, actions: ["rock", "paper", "scissors"]))
    let windows = "\u{FEFF}" + plain.dropLast().replacing("\n", with: "\r\n\r\n").replacing(",", with: " , ")
    #expect(try read(windows) == NamedGame(game: game, actions: ["rock", "paper", "scissors"]))
    let quoted = ",\"a, \"\"first\"\"\",\"b\nc\"\n\"a, \"\"first\"\"\",\"0.5\",1\n\"b\nc\",0,5e-1"
    #expect(try read(quoted).actions == ["a, \"first\"", "b\nc"])
  }

  @Test func csvMatricesThatAreNoGameAreRefusedByLine() {
    expectRefusal(",a,b\na,0.5,1\nb,0\n", "This row has 2 cells where the first has 3", line: 3)
    expectRefusal(",a,b\na,0.5,1,\nb,0,0.5\n", "This row has 4 cells", line: 2)
    expectRefusal(",a,b\na,0.5,1\n", "The first row names 2 actions, and 1 rows follow")
    expectRefusal(",a,b\nb,0.5,1\na,0,0.5\n", "This is the row of \"b\", and that of \"a\" was expected", line: 2)
    expectRefusal(",a,a\na,0.5,1\na,0,0.5\n", "Two actions are called \"a\"", line: 1)
    expectRefusal(",a,\na,0.5,1\n,0,0.5\n", "The name of action 1 is empty", line: 1)
    for cell in ["nan", "inf", "0x1p-1", "", "half", "1e999"] {
      expectRefusal(",a,b\na,0.5,\(cell)\nb,0,0.5\n", "The preference of \"a\" over \"b\" is \"\(cell)\", and a number", line: 2)
    }
    expectRefusal(",a,b\na,0.5,1.5\nb,-0.5,0.5\n", "The preference of \"a\" over \"b\" is 1.5")
    expectRefusal(",a,b\na,0.5,1\nb,0.5,0.5\n", "of \"b\" over \"a\" and of \"a\" over \"b\" add up to 1.5")
    expectRefusal(",\n", "The name of action 0 is empty", line: 1)
  }

  @Test func comparisonsAreTalliedInTheOrderOfActions() throws {
    let winners = try read("winner,loser\nb,a\nb,a\na,b\nb,a\n")
    #expect(winners.actions == ["b", "a"])
    #expect(winners.game[0, 1] == 0.75)
    let weighted = try read("weight,loser,winner\n3,a,b\n0.5,b,a\n0.5,b,a\n")
    #expect(weighted.actions == ["b", "a"])
    #expect(weighted.game[0, 1] == 0.75)
    let soft = try read("first,second,preference\na,b,1\na,b,0.5\nb,a,0.25\n")
    #expect(soft.game[0, 1] == 0.75)
    let weightedSoft = try read("first,second,preference,weight\na,b,1,3\nb,a,0.5,2\n")
    #expect(weightedSoft.game[0, 1] == 0.8)
  }

  @Test func comparisonsThatLeavePairsOutAreRefusedByName() throws {
    let content = "winner,loser\na,b\nb,c\n"
    expectRefusal(content, "No votes compare \"a\" with \"c\"")
    let game = try read(content, unseen: .ties).game
    #expect([game[0, 1], game[0, 2], game[1, 2]] == [1, 0.5, 1])
    expectRefusal("winner,loser,weight\na,b,0\n", "No votes compare \"a\" with \"b\"")
  }

  @Test func comparisonsThatSayNothingAreRefusedByLine() {
    expectRefusal("winner,looser\na,b\n", "The first row names the columns", line: 1)
    expectRefusal("winner,loser,rater\na,b,c\n", "The column \"rater\" is unknown", line: 1)
    expectRefusal("winner,loser,loser\na,b,c\n", "There are two columns called \"loser\"", line: 1)
    expectRefusal("winner,loser\na,a\n", "\"a\" is compared with itself", line: 2)
    expectRefusal("winner,loser\na,b\n,a\n", "The name of an action is empty", line: 3)
    expectRefusal("winner,loser\na,b\nb\n", "This row has 1 cells", line: 3)
    expectRefusal("first,second,preference\na,b,nan\n", "The preference is \"nan\"", line: 2)
    expectRefusal("first,second,preference\na,b,1.1\n", "The preference is \"1.1\"", line: 2)
    expectRefusal("winner,loser,weight\na,b,-1\n", "The weight is \"-1\"", line: 2)
    expectRefusal("winner,loser\n", "The preference matrix is empty")
  }

  @Test func quotesAreClosedAndStandAroundWholeCells() {
    expectRefusal("winner,loser\na,\"b\nc,d\n", "A quote is opened and never closed", line: 2)
    expectRefusal("winner,loser\na,\"b\" c\n", "A comma was expected after a cell in quotes", line: 2)
    expectRefusal("winner,loser\na,b\"c\"\n", "A quote stands inside a cell", line: 2)
    expectRefusal("winner,loser\n\"a\nb\",c\nd\n", "This row has 1 cells", line: 4)
  }

  // MARK: files

  @Test func filesThatAreNotThereOrHoldNothingAreTold() {
    #expect(throws: FileError.missing(path: "/no/such/game.json")) { try GameFile.read("/no/such/game.json") }
    expectRefusal(" \n", "the file is empty")
    expectRefusal("\u{FEFF}", "The file has no rows")
    let error = #expect(throws: DataError.self) { try read([UInt8(ascii: ","), 0xFF, 0x0A]) }
    #expect(error?.description.contains("line 1: This is not UTF-8 text.") == true)
  }
}
