import Foundation
import Testing

@testable import PoiseModel

@Suite struct DecoderTests {
  /// Log-probabilities of every response's tokens, with the tokens given instead of drawn; responses drop out as they end.
  private func decodedLogProbabilities(
    _ groups: [TokenGroup], _ transformer: Transformer, _ parameters: Arena
  ) -> [[Double]] {
    let responses = groups.flatMap(\.responses)
    let promptOf = groups.indices.flatMap { group in groups[group].responses.map { _ in group } }
    let decoder = transformer.makeDecoder(
      parameters,
      capacity: DecoderCapacity(
        promptCount: groups.count, promptTokens: groups.reduce(0) { $0 + $1.prompt.count },
        longestPrompt: groups.map(\.prompt.count).max()!, sequenceCount: responses.count,
        responseTokens: responses.map(\.count).max()!))
    decoder.prefill(groups.map(\.prompt)[...])
    var result = responses.indices.map { [logProbability(decoder, row: promptOf[$0], responses[$0][0])] }
    for position in 1..<responses.map(\.count).max()! {
      let active = responses.indices.filter { responses[$0].count > position }
      decoder.decode(active.map { responses[$0][position - 1] }, sequences: active, promptOf: promptOf)
      for (row, sequence) in active.enumerated() {
        result[sequence].append(logProbability(decoder, row: row, responses[sequence][position]))
      }
    }
    return result
  }

  private func logProbability(_ decoder: Decoder, row: Int, _ token: Int32) -> Double {
    let span = decoder.logits(row: row)
    let logits = span.indices.map { Double(span[$0]) }
    return logits[Int(token)] - log(logits.reduce(0) { $0 + exp($1) })
  }

  @Test(arguments: TransformerCase.all + [.llama, .gpt2])
  func decodingAgreesWithThePackedPass(_ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    let parameters = transformer.randomParameters(seed: 11)
    let groups = transformer.mixedGroups
    let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: false, reference: false)
    for group in groups { workspace.batch.append(group) }
    transformer.evaluate(workspace, policy: parameters)

    let decoded = decodedLogProbabilities(groups, transformer, parameters)
    #expect(decoded.count == workspace.outcomes.count)
    for (response, decoded) in decoded.enumerated() {
      let packed = workspace.tokenLogProbabilities(response: response)
      #expect(packed.count == decoded.count)
      for (packed, decoded) in zip(packed, decoded) { #expect(abs(Double(packed) - decoded) < 1e-5) }
    }
  }

  @Test func aDecoderStartsAfreshWithEveryPrefill() {
    let transformer = Transformer(TransformerCase.llama.configuration)
    let parameters = transformer.randomParameters(seed: 5)
    let decoder = transformer.makeDecoder(
      parameters,
      capacity: DecoderCapacity(promptCount: 2, promptTokens: 9, longestPrompt: 8, sequenceCount: 4, responseTokens: 3))
    func logits(_ prompts: [[Int32]], promptOf: [Int]) -> [Float] {
      decoder.prefill(prompts[...])
      let sequences = Array(promptOf.indices)
      for token in [Int32(4), 9] {
        decoder.decode(sequences.map { _ in token }, sequences: sequences, promptOf: promptOf)
      }
      let row = decoder.logits(row: 0)
      return row.indices.map { row[$0] }
    }
    let before = logits([[1, 2, 3]], promptOf: [0, 0])
    _ = logits([[4, 5, 6, 7, 8, 9, 10], [1]], promptOf: [0, 0, 1, 1])
    #expect(logits([[1, 2, 3]], promptOf: [0, 0]) == before)
  }
}
