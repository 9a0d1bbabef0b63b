import Poise
import PoiseKernelCases
import PoiseModel

extension PeerWorkload {
  /// e3: 64 tokens behind prompts of 64, one model, and the mixture of two.
  static func sampling(_ run: PeerRun) {
    let (prompt, new) = (64, 64)
    for model in PeerModel.all {
      for count in [1, 8, 32] {
        let (plain, mixture) = ("\(model.name) B=\(count)", "\(model.name) mixture B=\(count)")
        guard run.wants(plain) || run.wants(mixture) else { continue }
        let transformer = model.transformer(contextLength: max(model.length, prompt + new))
        let (policy, reference) = (transformer.initialParameters(seed: 0), transformer.initialParameters(seed: 1))
        let prompts = (0..<count).map { model.tokens(prompt, UInt64($0)) }
        let operations = model.decodingOperations(count: count, prompt: prompt, new: new)
        let options = SamplingOptions(maximumTokens: new)
        func sampler(mixes: Bool) -> Sampler<Transformer> {
          Sampler(
            transformer, options: options, pool: run.pool,
            decodesReference: mixes)
        }
        let work = Work(operations: operations, tokens: Double(count * new))
        let alone = sampler(mixes: false)
        run.time(plain, "decoder, weights packed at each call", work) {
          _ = alone.sample(prompts, count: 1, policy: policy, key: SamplingKey(seed: 0))
        }
        let mixed = sampler(mixes: true)
        var both = work
        both.operations *= 2
        run.time(mixture, "both decoders side by side", both) {
          _ = mixed.sample(prompts, mixtures: [0.5], policy: policy, reference: reference, key: SamplingKey(seed: 0))
        }
      }
    }
  }
}
