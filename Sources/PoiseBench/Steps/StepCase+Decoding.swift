import Poise
import PoiseKernelCases
import PoiseModel

extension StepCase {
  static let decoding = [
    decode(.tiny, sequences: 1), decode(.tiny, sequences: 32), decode(.small, sequences: 1), decode(.small, sequences: 32),
    sample("sampling", mixture: nil), sample("mixtureSampling", mixture: 0.5),
  ]

  /// A short prompt read and 64 tokens decoded in every sequence, on one thread: all weights are read for every token.
  private static func decode(_ preset: Preset, sequences count: Int) -> StepCase {
    let (promptLength, length) = (8, 64)
    let shape = "\(preset.rawValue), \(count)×\(length) tokens"
    return StepCase(name: "decoding", shape: shape, isParallel: false, isQuick: preset == .tiny) { pool in
      let policy = preset.policy()
      let decoder = policy.transformer.makeDecoders(
        1,
        capacity: DecoderCapacity(
          promptCount: 1, promptTokens: promptLength, longestPrompt: promptLength, sequenceCount: count, responseTokens: length))[
          0]
      decoder.adopt(policy.parameters, pool: pool)
      let (prompt, latest) = (tokens(promptLength, seed: 2), tokens(count, seed: 3))
      let (sequences, promptOf) = (Array(0..<count), Array(repeating: 0, count: count))
      let work = TransformerWork(policy.transformer)
      let rows = TransformerWork.Rows(groups: 1, prompt: promptLength, responses: count, length: length + 1)
      var decoded = work.forward(rows)
      decoded.read = Double(length + 1) * work.parameterBytes
      return PreparedStep(
        run: {
          decoder.prefill([prompt])
          for _ in 0..<length { decoder.decode(latest, sequences: sequences, promptOf: promptOf) }
        }, work: decoded, workingSet: work.parameterBytes)
    }
  }

  /// Two responses to each of 32 prompts on one thread: of the policy alone, or of a mixture, for which the reference decodes
  /// beside it.
  private static func sample(_ name: String, mixture: Double?) -> StepCase {
    let (groups, promptLength, length) = (32, 96, 32)
    let shape = "tiny, \(groups)×(\(promptLength)+2×\(length)) tokens"
    return StepCase(name: name, shape: shape, isParallel: false, isQuick: false) { pool in
      let (policy, reference) = (Preset.tiny.policy(), Preset.tiny.policy())
      let prompts = (0..<groups).map { tokens(promptLength, seed: $0) }
      let sampler = Sampler(
        policy.transformer, options: SamplingOptions(maximumTokens: length), pool: pool,
        decodesReference: mixture != nil)
      let mixtures = Array(repeating: mixture ?? 0, count: 2)
      let work = TransformerWork(policy.transformer)
      let rows = TransformerWork.Rows(groups: groups, prompt: promptLength, responses: 2, length: length)
      return PreparedStep(
        run: {
          _ = sampler.sample(
            prompts, mixtures: mixtures, policy: policy.parameters, reference: mixture == nil ? nil : reference.parameters,
            key: SamplingKey(seed: 1))
        }, work: (mixture == nil ? 1 : 2) * work.forward(rows), workingSet: work.parameterBytes)
    }
  }
}
