import PoiseKernels
import Testing

@testable import PoiseModel

@Suite struct DecoderTests {
  /// Log-probabilities of every response's tokens, with the tokens given instead of drawn; responses drop out as they end.
  private func decodedLogProbabilities(
    _ groups: [TokenGroup], _ transformer: Transformer, _ parameters: Arena
  ) -> [[Float]] {
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

  private func logProbability(_ decoder: Decoder, row: Int, _ token: Int32) -> Float {
    let logits = decoder.logits(row: row)
    return logits[Int(token)] - kernels.logSumExp(logits)
  }

  /// The same bits, evaluated alone or differentiated.
  @Test(arguments: TransformerCase.all + TransformerCase.scaledLlamas + [.llama, .qwen2, .gpt2, .t5, .gatedT5])
  func decodingHasTheBitsOfThePackedPass(_ example: TransformerCase) {
    let transformer = Transformer(example.configuration)
    expectEqualBits(transformer, transformer.mixedGroups)
  }

  /// Prompts and responses on either side of panels of 32 columns and tiles of sixteen rows; layers wider than the 256 terms that a
  /// product takes at a time.
  @Test(arguments: [TransformerCase.llama, .gpt2, .t5, .gatedT5])
  func decodingOfSeveralPanelsHasTheBitsOfThePackedPass(_ example: TransformerCase) {
    var configuration = example.configuration
    configuration.contextLength = max(configuration.contextLength, 160)
    configuration.width = 264
    configuration.feedForwardWidth = 300
    let transformer = Transformer(configuration)
    let groups = [(1, [70, 3, 33]), (31, [32, 1, 31, 40]), (32, [2, 65]), (33, [17]), (75, [34, 16, 80])]
    expectEqualBits(
      transformer, groups.enumerated().map { transformer.group(prompt: $1.0, responses: $1.1, seed: UInt64($0)) })
  }

  private func expectEqualBits(_ transformer: Transformer, _ groups: [TokenGroup]) {
    let parameters = transformer.randomParameters(seed: 11)
    let workspace = Workspace(transformer, capacity: WorkspaceCapacity(groups), backward: true, reference: false)
    for group in groups { workspace.batch.append(group) }
    let decoded = decodedLogProbabilities(groups, transformer, parameters)
    func expectDecoded() {
      #expect(decoded.count == workspace.outcomes.count)
      for (response, decoded) in decoded.enumerated() {
        #expect(workspace.tokenLogProbabilities(response: response) == decoded)
        #expect(workspace.outcomes[response].logProbability == decoded.reduce(0) { $0 + Double($1) })
      }
    }
    transformer.evaluate(workspace, policy: parameters)
    expectDecoded()
    transformer.differentiate(
      workspace, policy: parameters, reference: nil, addingTo: Arena(transformer.parameters.layout)
    ) { responses in
      for index in responses.indices { responses[index].coefficient = 1 }
    }
    expectDecoded()
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
