import Foundation
import PoiseGames
import PoiseModel
import PoiseRandom
import PoiseTestSupport
import PoiseTwins
import Testing

@testable import Poise

/// Two models of responses of several tokens, all of which can be listed.
struct Toy: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let model: TabularModel
  let policy: TabularPolicy
  let reference: TabularPolicy
  let responses: [[Int32]]
  var game: PreferenceGame

  /// Nine responses of two tokens; and 15 of one to three, where one token of three ends them.
  static let all = [
    Toy("two tokens", TabularModel(vocabularySize: 3, responseLength: 2)),
    Toy("up to three tokens", TabularModel(vocabularySize: 3, responseLength: 3, endOfSequence: [1])),
  ]

  /// The same with half the contrast, so that training settles soon.
  static let mild = [
    Toy("two tokens, mild", all[0].model, deviation: 0.5), Toy("up to three tokens, mild", all[1].model, deviation: 0.5),
  ]

  private init(_ name: String, _ model: TabularModel, deviation: Double = 1) {
    testDescription = name
    self.model = model
    func random(_ name: String) -> TabularPolicy {
      TabularPolicy(model, logits: normalRow(name, count: model.parameterLayout.count, scale: deviation).doubles)
    }
    policy = random("policy")
    reference = random("reference")
    responses = SoftmaxTable.responses(
      vocabularySize: model.vocabularySize, length: model.responseLength,
      endOfSequence: Set(model.endOfSequence.map { Int32($0) }))
    var generator = CounterGenerator(31)
    game = try! .random(
      count: responses.count, reference: Toy.distribution(Toy.table(model, reference.parameters.doubles), responses),
      using: &generator)
  }

  func table(_ logits: [Double]) -> SoftmaxTable { Self.table(model, logits) }

  private static func table(_ model: TabularModel, _ logits: [Double]) -> SoftmaxTable {
    SoftmaxTable(logits: logits, vocabularySize: model.vocabularySize) { model.context(prompt: 0, after: $0) }
  }

  func distribution(_ table: SoftmaxTable) -> [Double] { Self.distribution(table, responses) }

  private static func distribution(_ table: SoftmaxTable, _ responses: [[Int32]]) -> [Double] {
    responses.map { exp(table.logProbability(of: $0)) }
  }

  /// π and μ in double precision.
  var own: SoftmaxTable { table(policy.parameters.doubles) }
  var other: SoftmaxTable { table(reference.parameters.doubles) }

  /// log q(y) of the token-wise mixture and Σ log Z_n on the way, step by step as defined.
  func mixture(_ weight: Double, of response: [Int32]) -> (logProbability: Double, logPartition: Double) {
    response.indices.reduce((0, 0)) { sums, position in
      let prefix = response[..<position]
      let mixed = zip(own.logProbabilities(after: prefix), other.logProbabilities(after: prefix)).map {
        (1 - weight) * $0 + weight * $1
      }
      let partition = log(mixed.reduce(0) { $0 + exp($1) })
      return (sums.0 + mixed[Int(response[position])] - partition, sums.1 + partition)
    }
  }

  /// q, by response.
  func mixture(_ weight: Double) -> [Double] { responses.map { exp(mixture(weight, of: $0).logProbability) } }

  /// π^(1−m) μ^m / Z of whole responses.
  func sequenceMixture(_ weight: Double) -> [Double] {
    game.mixture(of: distribution(own), weight: weight)
  }

  func sample(_ count: Int, mixture: Double) -> [SampledResponse] {
    let sampler = Sampler(
      model, options: SamplingOptions(maximumTokens: model.responseLength), pool: WorkerPool(workerCount: 1),
      decodesReference: true)
    return sampler.sample(
      Array(repeating: [0], count: count / 10), mixtures: Array(repeating: mixture, count: 10), policy: policy.parameters,
      reference: reference.parameters, key: SamplingKey(seed: 41)
    ).flatMap(\.self)
  }
}
