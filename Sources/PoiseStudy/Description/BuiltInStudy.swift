/// Studies that need no file: their YAML is one to copy from.
public enum BuiltInStudy: String, CaseIterable, Sendable {
  case paper
  case offlineVersusOnline = "offline-vs-online"
  case noise, intransitive, length, momentum

  /// For help texts.
  public static let list = allCases.map(\.rawValue).joined(separator: ", ")

  public var yaml: String {
    switch self {
    case .paper: Self.paperStudy
    case .offlineVersusOnline: Self.offlineVersusOnlineStudy
    case .noise: Self.noiseStudy
    case .intransitive: Self.intransitiveStudy
    case .length: Self.lengthStudy
    case .momentum: Self.momentumStudy
    }
  }

  private static let task = """
    task:
      posts: 24000
      judged-posts: 6000
      validation-prompts: 400
      test-prompts: 400
      judge: rubric                  # policies learn from models of it, which they may deceive
      sft: {steps: 800, batch-size: 32, learning-rate: 0.002, warmup-steps: 50}
      judges: {steps: 400, batch-size: 32, learning-rate: 0.001, warmup-steps: 20, evaluate-every: 50, patience: 4}
    """

  private static let cyclicTask = task.replacing("judge: rubric  ", with: "judge: \"rubric:cyclic\"")

  private static let options = """
    options:                         # of `poise train`, in every run
      steps: 300
      batch-size: 32
      learning-rate: 0.005
      schedule: constant             # so that a run has no end that its checkpoints would not know of
      checkpoint-every: 60
      max-new-tokens: 40
    """

  private static let small = """
    small:
      task: {posts: 8000, judged-posts: 2000, validation-prompts: 200, test-prompts: 200, sft: {steps: 300}, judges: {steps: 200}}
      options: {steps: 150, batch-size: 16, checkpoint-every: 50}
    """

  private static let paperStudy = """
    title: Six online methods, as in section 6 of Calandriello et al. 2024
    \(task)
    \(options)
    baseline: rl                     # the others' settings are chosen against its best
    methods:                         # a list is what is swept
      rl: {tau: [0.025, 0.05, 0.1, 0.2, 0.4]}
      ipo: {tau: [0.00625, 0.0125, 0.025, 0.05, 0.1]}
      ipo-md: {tau: [0.00625, 0.0125, 0.025, 0.05, 0.1], mixture: [0.125, 0.25]}
      dpo: {tau: [0.025, 0.05, 0.1, 0.2, 0.4]}
      slic: {tau: [0.05, 0.1, 0.2, 0.4, 0.8]}
      nash-md: {tau: [0.00625, 0.0125, 0.025, 0.05, 0.1], mixture: [0.125, 0.25]}
    seeds: 3
    \(small)
      methods:
        rl: {tau: [0.05, 0.1, 0.2]}
        ipo: {tau: [0.0125, 0.025, 0.05]}
        ipo-md: {tau: [0.0125, 0.025, 0.05], mixture: [0.125]}
        dpo: {tau: [0.05, 0.1, 0.2]}
        slic: {tau: [0.1, 0.2, 0.4]}
        nash-md: {tau: [0.0125, 0.025, 0.05], mixture: [0.125]}
    """

  private static let offlineVersusOnlineStudy = """
    title: Preferences recorded once against preferences asked for on the way
    \(task)
    \(options)
    methods:
      ipo: {tau: [0.0125, 0.025, 0.05, 0.1]}
      ipo-offline: {algorithm: ipo, offline: true, tau: [0.0125, 0.025, 0.05, 0.1]}
      dpo: {tau: [0.05, 0.1, 0.2, 0.4]}
      dpo-offline: {algorithm: dpo, offline: true, tau: [0.05, 0.1, 0.2, 0.4]}
      slic: {tau: [0.05, 0.1, 0.2, 0.4]}
      slic-offline: {algorithm: slic, offline: true, tau: [0.05, 0.1, 0.2, 0.4]}
    seeds: 3
    \(small)
    """

  private static let noiseStudy = """
    title: Labels of which some are turned round
    \(task)
    \(options)
    methods:
      ipo: {tau: [0.0125, 0.025, 0.05]}
      ipo-md: {tau: [0.0125, 0.025, 0.05]}
      dpo: {tau: [0.05, 0.1, 0.2]}
      slic: {tau: [0.1, 0.2, 0.4]}
      nash-md: {tau: [0.0125, 0.025, 0.05]}
    conditions:                      # the share of labels that say the opposite
      flipped-0: {labels: bernoulli}
      flipped-10: {labels: bernoulli, label-smoothing: 0.1}
      flipped-20: {labels: bernoulli, label-smoothing: 0.2}
      flipped-30: {labels: bernoulli, label-smoothing: 0.3}
      flipped-40: {labels: bernoulli, label-smoothing: 0.4}
    seeds: 3
    \(small.replacing("steps: 150", with: "steps: 100"))
      seeds: 2
      methods:
        ipo: {tau: [0.05]}
        ipo-md: {tau: [0.05]}
        dpo: {tau: [0.2]}
        slic: {tau: [0.2]}
        nash-md: {tau: [0.05]}
    """

  private static let intransitiveStudy = """
    title: Preferences that go in a circle, note over wish over word over note
    \(cyclicTask)
    \(options)
    methods:
      rl: {tau: [0.05, 0.1, 0.2]}
      ipo: {tau: [0.0125, 0.025, 0.05]}
      ipo-md: {tau: [0.0125, 0.025, 0.05]}
      dpo: {tau: [0.05, 0.1, 0.2]}
      slic: {tau: [0.1, 0.2, 0.4]}
      nash-md: {tau: [0.0125, 0.025, 0.05]}
    seeds: 3
    \(small)
    """

  private static let lengthStudy = """
    title: Log-probabilities of a response as a sum over its tokens, or as their mean
    \(task)
    \(options)
    methods:
      ipo-sum: {algorithm: ipo, tau: [0.0125, 0.025, 0.05]}
      ipo-mean: {algorithm: ipo, reduction: mean, tau: [0.2, 0.4, 0.8]}
      dpo-sum: {algorithm: dpo, tau: [0.05, 0.1, 0.2]}
      dpo-mean: {algorithm: dpo, reduction: mean, tau: [0.8, 1.6, 3.2]}
    seeds: 3
    \(small)
    """

  private static let momentumStudy = """
    title: Momentum, which makes policies orbit where preferences are cyclic
    \(cyclicTask)
    \(options)
    methods:
      ipo-adamw: {algorithm: ipo, optimizer: adamw, learning-rate: 0.0005, momentum: 0, tau: [0.0125, 0.025, 0.05]}
      ipo-momentum: {algorithm: ipo, optimizer: adamw, learning-rate: 0.0005, momentum: 0.9, tau: [0.0125, 0.025, 0.05]}
      ipo-md-adamw: {algorithm: ipo-md, optimizer: adamw, learning-rate: 0.0005, momentum: 0, tau: [0.0125, 0.025, 0.05]}
      ipo-md-momentum: {algorithm: ipo-md, optimizer: adamw, learning-rate: 0.0005, momentum: 0.9, tau: [0.0125, 0.025, 0.05]}
    seeds: 3
    \(small)
    """
}
