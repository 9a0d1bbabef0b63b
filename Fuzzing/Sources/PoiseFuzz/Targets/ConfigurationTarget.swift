import ArgumentParser
import PoiseFiles

/// `--config FILE.yaml`, by Yams and libyaml: nesting up to 1,000, and so few references to anchors that what they stand for stays small.
enum ConfigurationTarget: FuzzTarget {
  static let name = "configuration"
  static let dictionary = [
    "steps:", "model:", "policy:", "greedy:", "- ", "? ", ": ", "&a ", "*a", "!!str ", "|\n", ">-\n", "---\n", "<<: *a",
  ]

  static let seeds = [
    "steps: 500\nmodel: a\ngreedy: true\npolicy: [a=x, b=y]\n", "# comment\nmax_new_tokens: 0x10\n--top-p: 0.50\n",
    "a: &a [1, 2]\npolicy: *a\n", "? [a, b]\n: c\n", "steps: |\n  5\nmodel: !!str 5\n", "{steps: 1, steps: 2}", "stpes: 5\n",
    "---\n...\n",
  ].map { Array($0.utf8) }

  private struct Command: ParsableCommand {
    @Option var steps = 1
    @Option var maxNewTokens = 1
    @Option var topP = 1.0
    @Option var model = ""
    @Option var policy: [String] = []
    @Flag var greedy = false
    @Option var config: String?
  }

  static func run(_ input: [UInt8]) throws {
    _ = try ConfigurationFile.expand(["--config", Scratch.file("run.yaml", input)], for: Command.self)
  }
}
