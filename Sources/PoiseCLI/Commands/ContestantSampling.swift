import ArgumentParser
import Foundation
import Poise
import PoiseFiles
import PoiseModel

/// `NAME=MODEL`
struct NamedModel: ExpressibleByArgument, Equatable {
  let name: String
  let folder: String

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "=") else { return nil }
    name = String(argument[..<equals])
    folder = String(argument[equals...].dropFirst())
    if name.isEmpty || folder.isEmpty { return nil }
  }

  /// `NAME=MODEL`, or a folder alone, which is called what its last component is called.
  init?(argumentOrFolder argument: String) {
    let isNamed = argument.contains("=") || argument.isEmpty
    self.init(argument: isNamed ? argument : "\(URL(fileURLWithPath: argument).lastPathComponent)=\(argument)")
  }
}

/// Policies that are loaded one after the other and answer the same prompts.
struct ContestantSampling {
  let policies: [NamedModel]
  /// JSON Lines of prompts.
  let prompts: String
  /// Responses of each policy to a prompt.
  let samples: Int
  let chat: ChatFlags
  let sampling: SamplingFlags
  let common: CommonOptions

  /// - Parameter key: what a policy's random numbers are drawn for.
  /// - Throws: errors of models and prompts; `DataError` where the prompts are token ids and say different things to the policies.
  func run(
    pool: WorkerPool, key: (_ policy: String) -> SamplingKey
  ) throws -> (contestants: [Contestant], prompts: [Prompt]) {
    var contestants: [Contestant] = []
    var shared: [Prompt] = []
    for named in policies {
      let policy = try Policy(folder: named.folder, chatTemplate: chat.chatTemplate)
      let own = try policy.prompts(prompts, responseTokens: sampling.maxNewTokens)
      if contestants.isEmpty { shared = own }
      try requireSameTexts(shared, own, named)
      common.note("Sampling from \(named.name), \(own.count) prompts × \(samples) …")
      contestants.append(
        Contestant(
          named.name, policy, prompts: own, count: samples, sampling: sampling.options(), key: key(named.name), pool: pool))
    }
    return (contestants, shared)
  }

  /// Prompts given as token ids say different things to tokenizers that are not the same.
  private func requireSameTexts(_ first: [Prompt], _ own: [Prompt], _ named: NamedModel) throws {
    guard first.map(\.text) == own.map(\.text) else {
      throw DataError(
        prompts,
        "these token ids are other texts for \(policies[0].name) than for \(named.name); policies with different tokenizers can "
          + "be compared on prompts that are text.", category: .configuration)
    }
  }
}
