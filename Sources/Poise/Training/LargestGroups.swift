import PoiseModel

extension TokenGroup {
  /// A group of these sizes: what memory is planned by.
  init(promptTokens: Int, responseTokens: Int, responses: Int) {
    self.init(
      prompt: Array(repeating: 0, count: promptTokens),
      responses: Array(repeating: Array(repeating: 0, count: responseTokens), count: responses))
  }

  /// The groups that no group of a context is larger than, in any respect.
  package static func largest(contextLength: Int, responses: Int) -> [TokenGroup] {
    [1, max(contextLength - 1, 1)].map {
      TokenGroup(promptTokens: $0, responseTokens: max(contextLength - $0, 1), responses: responses)
    }
  }
}

extension WorkspaceCapacity {
  /// Room for any `perShard` of the given groups: as many of the largest.
  init(largest groups: [TokenGroup], perShard: Int, reading: HeadReading = .predictions) {
    self.init()
    for group in groups {
      var one = WorkspaceCapacity()
      one.add(group, reading: reading)
      formUnion(one)
    }
    self.groups *= perShard
    rows *= perShard
    promptRows *= perShard
    responseRows *= perShard
    headRows *= perShard
    targets *= perShard
  }
}
