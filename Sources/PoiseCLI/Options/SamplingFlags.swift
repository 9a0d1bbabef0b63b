import ArgumentParser
import Poise

/// How responses are drawn.
struct SamplingFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Most tokens of a response, end-of-sequence included, 1 or more.", valueName: "n"))
  var maxNewTokens = 48

  @Option(help: ArgumentHelp("Divides the logits, above 0; 1 is the model itself.", valueName: "t"))
  var temperature = 1.0

  @Option(help: ArgumentHelp("Draw from the k most probable tokens; 0 is all.", valueName: "k"))
  var topK = 0

  @Option(help: ArgumentHelp("Draw from the most probable tokens that together have probability p, in (0, 1].", valueName: "p"))
  var topP = 1.0

  @Flag(help: "Always the most probable token.")
  var greedy = false

  func validate() throws {
    try requireRange("--max-new-tokens", maxNewTokens, 1...1_000_000)
    try requireRange("--temperature", temperature, 1e-4...1e4)
    try requireRange("--top-k", topK, 0...Int.max)
    try requireRange("--top-p", topP, 1e-9...1)
  }

  func options() -> SamplingOptions {
    SamplingOptions(maximumTokens: maxNewTokens, temperature: temperature, topK: topK, topP: topP, isGreedy: greedy)
  }
}
