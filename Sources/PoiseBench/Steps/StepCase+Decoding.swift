import Poise
import PoiseKernelCases
import PoiseModel

/// A short prompt read and 64 tokens decoded in every sequence, on one thread: all weights are read for every token.
extension StepCase {
  static let decoding = [
    decode(.tiny, sequences: 1), decode(.tiny, sequences: 32), decode(.small, sequences: 1), decode(.small, sequences: 32),
  ]

  private static func decode(_ preset: Preset, sequences count: Int) -> StepCase {
    let (promptLength, length) = (8, 64)
    let shape = "\(preset.rawValue), \(count)×\(length) tokens"
    return StepCase(name: "decoding", shape: shape, isParallel: false, isQuick: preset == .tiny) { _ in
      let policy = preset.policy()
      let decoder = Decoder(
        policy.transformer,
        capacity: DecoderCapacity(
          promptCount: 1, promptTokens: promptLength, longestPrompt: promptLength, sequenceCount: count, responseTokens: length))
      let (prompt, latest) = (tokens(promptLength, seed: 2), tokens(count, seed: 3))
      let (sequences, promptOf) = (Array(0..<count), Array(repeating: 0, count: count))
      let work = TransformerWork(policy.transformer)
      let rows = TransformerWork.Rows(groups: 1, prompt: promptLength, responses: count, length: length + 1)
      var decoded = work.forward(rows)
      decoded.read = Double(length + 1) * work.parameterBytes
      return PreparedStep(
        run: {
          decoder.prefill([prompt], parameters: policy.parameters)
          for _ in 0..<length {
            decoder.decode(latest, sequences: sequences, promptOf: promptOf, parameters: policy.parameters)
          }
        }, work: decoded, workingSet: work.parameterBytes)
    }
  }
}
