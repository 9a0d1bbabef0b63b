import Testing

@Suite struct HelpTests {
  @Test func helpNamesEveryOptionWithItsUnitAndRange() throws {
    let help = try PoiseProcess.succeed("loss", "--help").output
    #expect(
      help == """
        OVERVIEW: Objective values and coefficients from given log-probabilities.

        A line {"logps": [a, a'], "ref_logps": [b, b'], "preference": p, "lengths": [n,
        n'], "rewards": [r, r'], "baseline": v} is a pair of responses: log π and log
        π_ref of each in nats; p(first ≻ second) from 0 to 1; tokens, only for
        --reduction mean; rewards and what they are measured against (0 unless given),
        only for rl, which needs no preference.

        Objectives: ipo; dpo; slic, a hinge on the log-ratio margin h; slic-hf, a hinge
        on the log-probabilities themselves; rl, policy gradient on rewards; nash-md,
        policy gradient on the preference of the first response over the second.
        Coefficients are ∂loss/∂log π of each response, for rl and nash-md with the
        weights frozen; h is that of the reduced log-probabilities.

        USAGE: poise loss [--objective <objective>] [--tau <tau>] [--form <form>] [--slic-margin <nats>] \
        [--slic-regularization <lambda>] [--reduction <reduction>] [--labels <labels>] [--label-smoothing <epsilon>] \
        [--seed <n>] --input <file> [--json] [--config <file.yaml>]

        OPTIONS:
          --objective <objective> Objective: ipo, dpo, slic, slic-hf, rl or nash-md.
                                  (values: ipo, dpo, slic, slic-hf, rl, nash-md;
                                  default: ipo)
          --tau <tau>             Strength of regularisation towards the reference,
                                  above 0; slic-hf has none. (default: 0.1)
          --form <form>           Form of ipo: squared or code; their gradients differ
                                  by the factor tau. (values: squared, code; default:
                                  code)
          --slic-margin <nats>    How far ahead slic-hf wants the preferred response,
                                  in nats of log π, 0 or more. (default: 1.0)
          --slic-regularization <lambda>
                                  Weight of the preferred response's log π in slic-hf,
                                  0 or more; 0 leaves it out. (default: 0.0)
          --reduction <reduction> sum or mean of token log-probabilities. (values: sum,
                                  mean; default: sum)
          --labels <labels>       soft (the preference itself), bernoulli (drawn with
                                  that probability) or argmax (the majority; also:
                                  hard). (values: soft, bernoulli, argmax; default:
                                  soft)
          --label-smoothing <epsilon>
                                  How likely a label is the wrong way round, a
                                  probability from 0 to 0.5. (default: 0.0)
          --seed <n>              Seed of bernoulli labels, 0 or more. (default: 0)
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
    [], ["data"], ["data", "make"], ["data", "label"], ["data", "import"], ["data", "check"], ["tokenizer", "train"], ["sft"],
    ["reward"], ["preference"], ["train"], ["report"], ["verify-run"], ["sample"], ["score"], ["loss"], ["compare"], ["study"],
    ["nash"],
    ["check-gradients"], ["bench"], ["bench", "kernels"], ["bench", "peers"], ["profile"], ["profile", "sft"], ["doctor"],
    ["demo"],
  ])
  func everyCommandExplainsItself(_ words: [String]) throws {
    let result = try PoiseProcess(words + ["--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("USAGE: poise \(words.joined(separator: " "))"))
    #expect(result.errors.isEmpty)
  }
}
