import PoiseText
import Testing

@Suite struct TaskGeneratorTests {
  @Test func aSeedNamesItsPosts() {
    let generator = TaskGenerator(seed: 1)
    let post = generator.post(0, split: .training)
    let text =
      "Who can help with a guitar refund by March 11? Last night Korena sang on the balcony. This is a wish from Tamo, who lives "
      + "in Lyon. Last Tuesday I saw a fox in the garden. The choir next door sings every Thursday night. It should work for "
      + "549 euros, not more."
    #expect(post.text == text)
    #expect(generator.summary(of: post, index: 0) == "Note from Tamo: a guitar refund for 549 euros in Lyon.")
    #expect(TaskGenerator.referenceSummary(of: post) == "Note from Tamo: a guitar refund for 549 euros in Lyon by March 11.")
    #expect(TaskGenerator(seed: 2).post(0, split: .training) != post)
    #expect(generator.post(1, split: .training) != post)
    #expect(generator.post(0, split: .validation).text != post.text)
  }

  @Test func combinationsOfFactsBelongToOneSplit() {
    var people: [TaskSplit: Set<String>] = [:]
    var figures: [TaskSplit: Set<String>] = [:]
    var tuples: [TaskSplit: Set<Facts>] = [:]
    for split in TaskSplit.allCases {
      for index in 0..<3_000 {
        let facts = TaskGenerator(seed: 5).post(index, split: split).facts
        #expect(TaskSplit(of: facts) == split)
        people[split, default: []].insert("\(facts.person) \(facts.object)")
        figures[split, default: []].insert("\(facts.amount) \(facts.place)")
        tuples[split, default: []].insert(facts)
      }
      #expect(tuples[split]!.count > 2_900)  // hardly any tuple occurs twice
    }
    for (a, b) in [(TaskSplit.training, TaskSplit.validation), (.training, .heldOut), (.validation, .heldOut)] {
      #expect(people[a]!.isDisjoint(with: people[b]!))
      #expect(figures[a]!.isDisjoint(with: figures[b]!))
      #expect(tuples[a]!.isDisjoint(with: tuples[b]!))
    }
  }

  @Test func heldOutPeopleAndAmountsAreMentionedNowhereElse() {
    func posts(_ split: TaskSplit) -> [Post] { (0..<3_000).map { TaskGenerator(seed: 11).post($0, split: split) } }
    func words(_ posts: [Post]) -> Set<Substring> {
      Set(posts.flatMap { $0.text.split { !$0.isLetter && !$0.isNumber } })
    }
    let heldOut = posts(.heldOut)
    let (people, amounts) = (Set(heldOut.map(\.facts.person)), Set(heldOut.map(\.facts.amount)))
    #expect(people.count == 48 && amounts.count > 150)
    for split in [TaskSplit.training, .validation] {
      let others = words(posts(split))
      #expect(people.allSatisfy { !others.contains(Substring($0)) })
      #expect(amounts.allSatisfy { !others.contains(Substring(String($0))) })
    }
  }

  @Test func everyPartOfAHeldOutValueOccursInTraining() {
    let training = (0..<3_000).map { TaskGenerator(seed: 11).post($0, split: .training).facts }
    let heldOut = (0..<500).map { TaskGenerator(seed: 11).post($0, split: .heldOut).facts }
    let stems = Set(training.map { $0.person.prefix(3) })
    let endings = Set(training.map { $0.person.dropFirst(3) })
    #expect(heldOut.allSatisfy { stems.contains($0.person.prefix(3)) && endings.contains($0.person.dropFirst(3)) })
    for place in [1, 10, 100] {
      #expect(Set(training.map { $0.amount / place % 10 }).isSuperset(of: heldOut.map { $0.amount / place % 10 }))
    }
  }

  @Test func heldOutOrdersDoNotOccurInTraining() {
    #expect(TaskSplit.training.orders.count == 32)
    #expect(TaskSplit.heldOut.orders.count == 8)
    #expect(TaskSplit.validation.orders == TaskSplit.training.orders)
    #expect(Set(TaskSplit.training.orders).isDisjoint(with: TaskSplit.heldOut.orders))
    for split in TaskSplit.allCases {
      let seen = Set((0..<1_000).map { TaskGenerator(seed: 3).post($0, split: split).order })
      #expect(seen == Set(split.orders))
    }
  }

  @Test func copyingTheFirstValueIsNotEnough() {
    let posts = (0..<1_000).map { TaskGenerator(seed: 9).post($0, split: .training) }
    let misled = posts.count { post in
      let words = post.text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
      let first = words.first { post.asides.contains($0) || $0 == post.facts.person || $0 == post.facts.place }
      return first != post.facts.person && first != post.facts.place
    }
    #expect(misled > 300)
    #expect(posts.count { $0.asides.isEmpty } < 50)
  }

  @Test func summariesHaveTheDocumentedQualities() {
    let generator = TaskGenerator(seed: 1)
    let posts = (0..<3_000).map { generator.post($0, split: .training) }
    let totals = posts.map { Rubric().score(summary: generator.summary(of: $0, index: 0), of: $0).total }
    let mean = totals.reduce(0, +) / Double(totals.count)
    let perfect = Double(totals.count { $0 == 6 }) / Double(totals.count)
    #expect((4.6...5).contains(mean))
    #expect((0.17...0.23).contains(perfect))
  }

  @Test(arguments: SummaryQuality.allCases) func everyQualityScoresAsItShould(_ quality: SummaryQuality) {
    let generator = TaskGenerator(seed: 4)
    for index in 0..<300 {
      let post = generator.post(index, split: .validation)
      let score = Rubric().score(summary: generator.summary(of: post, index: index, quality: quality), of: post)
      switch quality {
      case .good: #expect(score.total == 6)
      case .omitsOne: #expect(score.covered.count == 4 && score.total == 5)
      case .omitsTwo: #expect(score.covered.count == 3 && score.total == 4)
      case .wrong: #expect(score.covered.count == 4 && score.asides + score.inventions == 1 && score.form == 1)
      case .distracted: #expect(score.covered.count == 5 && score.asides + score.inventions == 1 && score.form == 0.5)
      case .repetitive: #expect(score.covered.count == 5 && score.repetitions == 1 && score.form == 0.5)
      case .verbose: #expect(score.covered.count == 5 && score.excessWords >= 9 && score.form == 0)
      }
    }
  }
}
