import PoiseFiles
import Testing

@testable import PoiseCLI

@Suite struct ConfigurationFileTests {
  @Test func optionsAreInsertedBehindTheWordsOfTheCommand() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("run.yaml", "# a run\nmax_new_tokens: 12\n--top-p: 0.50\ngreedy: true\njson: false\nmodel: a b\n")
    let arguments = ["sample", "--prompts", "p", "--config", file]
    #expect(
      try ConfigurationFile.expand(arguments, for: PoiseCommand.self) == [
        "sample", "--max-new-tokens=12", "--top-p=0.50", "--greedy", "--model=a b", "--prompts", "p", "--config", file,
      ])
    let nested = try folder.file("data.yaml", "count: 3")
    #expect(
      try ConfigurationFile.expand(["data", "make", "--config=\(nested)"], for: PoiseCommand.self)
        == ["data", "make", "--count=3", "--config=\(nested)"])
  }

  @Test func theLineWinsOverTheFile() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("run.yaml", "count: 5\nkind: prompts\n")
    let result = try PoiseProcess.succeed("data", "make", "--count", "2", "--config", file)
    let records = try result.records()
    #expect(records.count == 2)
    #expect(records.allSatisfy { $0.object?.keys == ["prompt"] })
  }

  @Test func aRepeatableOptionOnTheLineReplacesTheList() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("compare.yaml", "policy: [a=x, b=y]\nsamples: 2\n")
    #expect(
      try ConfigurationFile.expand(["compare", "--config", file], for: PoiseCommand.self)
        == ["compare", "--policy=a=x", "--policy=b=y", "--samples=2", "--config", file])
    #expect(
      try ConfigurationFile.expand(["compare", "--config", file, "--policy", "c=z"], for: PoiseCommand.self)
        == ["compare", "--samples=2", "--config", file, "--policy", "c=z"])
  }

  /// A key that holds what thirty anchors stand for, each the one before twice, is never done with.
  @Test func referencesToAnchorsAreFew() throws {
    let folder = try TemporaryFolder()
    let doubling = (1..<30).map { "- &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }
    let file = try folder.file("run.yaml", "- &a0 [1]\n" + doubling.joined() + "- ? *a29\n  : 1\n")
    let error = #expect(throws: DataError.self) {
      try ConfigurationFile.expand(["sample", "--config", file], for: PoiseCommand.self)
    }
    #expect(error?.problem.contains("more than 16 times") == true)
  }

  @Test func withoutAFileNothingChanges() throws {
    let arguments = ["sample", "--model", "m", "--", "--config"]
    #expect(try ConfigurationFile.expand(arguments, for: PoiseCommand.self) == arguments)
  }

  @Test(arguments: [
    ("temprature: 1\n", 78, "line 1: poise sample has no option \"temprature\"; the nearest is \"temperature\"."),
    ("seed: 1\nmax_tokens: 1\n", 78, "line 2: poise sample has no option \"max_tokens\"; the nearest is \"max-new-tokens\"."),
    ("config: other.yaml\n", 78, "has no option \"config\""),
    ("greedy: 3\n", 78, "line 1: \"greedy\" is a flag; true or false was expected."),
    ("top_k: [1, 2]\n", 78, "line 1: \"top-k\" cannot be set to this; one value was expected."),
    ("top_k:\n", 78, "\"top-k\" cannot be set to this"),
    ("seed: 1\ntop_k: [1\n", 65, "line 3: this is not valid YAML"),
    ("seed: 1\nseed: 2\n", 65, "seed"),
    ("- seed\n", 65, "line 1: a YAML mapping"),
    ("", 65, "the file is empty"),
  ])
  func wrongFilesAreExplained(_ text: String, _ status: Int32, _ problem: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("run.yaml", text)
    let error = #expect(throws: DataError.self) {
      try ConfigurationFile.expand(["sample", "--config", file], for: PoiseCommand.self)
    }
    #expect(error?.category.rawValue == status)
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func aMissingFileIsMissingInput() throws {
    let result = try PoiseProcess(["sample", "--config", "/nowhere/run.yaml"])
    #expect(result.status == 66)
    #expect(result.errors.hasPrefix("poise: /nowhere/run.yaml does not exist."))
  }

  @Test(arguments: [("", "abc", 3), ("tau", "tau", 0), ("kitten", "sitting", 3), ("top-k", "top-p", 1)])
  func editDistancesAreKnown(_ a: String, _ b: String, _ distance: Int) {
    #expect(editDistance(a, b) == distance)
    #expect(editDistance(b, a) == distance)
  }
}
