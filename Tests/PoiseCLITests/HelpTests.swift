import Testing

@Suite struct HelpTests {
  @Test func helpNamesEveryOptionWithItsUnitAndRange() throws {
    let help = try PoiseProcess.succeed("loss", "--help").output
    #expect(
      help == """
        OVERVIEW: Objective values and coefficients from given log-probabilities.

        A line {"logps": [a, a'], "ref_logps": [b, b'], "preference": p, "lengths": [n,
        n']} is a pair of responses: log π and log π_ref of each in nats, p(first ≻
        second), tokens (only --reduction mean needs them). Coefficients are ∂loss/∂log
        π of each response; h is the log-ratio margin that the loss saw.

        USAGE: poise loss [--objective <objective>] [--tau <tau>] [--form <form>] [--reduction <reduction>] \
        [--labels <labels>] --input <file> [--json] [--config <file.yaml>]

        OPTIONS:
          --objective <objective> Objective: ipo. (values: ipo; default: ipo)
          --tau <tau>             Strength of regularisation towards the reference,
                                  above 0. (default: 0.1)
          --form <form>           Form of the loss: squared or code; their gradients
                                  differ by the factor tau. (values: squared, code;
                                  default: code)
          --reduction <reduction> sum or mean of token log-probabilities. (values: sum,
                                  mean; default: sum)
          --labels <labels>       soft (the preference itself) or hard (the majority).
                                  (values: soft, hard; default: soft)
          --input <file>          JSON Lines of pairs; - is standard input.
          --json                  Results as JSON Lines on standard output.
          --config <file.yaml>    Set options of this command from a YAML file; flags
                                  on the line win.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func versionNamesInstructionSetAndBLAS() throws {
    let version = try PoiseProcess.succeed("--version").output
    #expect(
      version.wholeMatch(of: /poise \d+\.\d+\.\d+ \(kernels: (avx2|avx512|native); BLAS: OpenBLAS .+\)\n/) != nil, "\(version)")
  }

  @Test(arguments: [
    [], ["data"], ["data", "make"], ["data", "import"], ["data", "check"], ["tokenizer", "train"], ["sft"], ["train"], ["sample"],
    ["score"],
    ["compare"], ["check-gradients"], ["doctor"], ["demo"],
  ])
  func everyCommandExplainsItself(_ words: [String]) throws {
    let result = try PoiseProcess(words + ["--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("USAGE: poise \(words.joined(separator: " "))"))
    #expect(result.errors.isEmpty)
  }
}
