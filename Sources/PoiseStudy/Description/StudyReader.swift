import PoiseFiles

/// Reads a study's file. Scalars are text, whatever the file's language takes them for; what is unknown is an error that names the
/// nearest that is known.
struct StudyReader {
  let path: String
  /// Where in the file: `methods.ipo`.
  var place = ""

  func problem(_ text: String, at key: String? = nil) -> DataError {
    let whole = [place, key ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
    return DataError(path, (whole.isEmpty ? "" : "\(whole): ") + text, category: .configuration)
  }

  func inside(_ key: String) -> StudyReader { StudyReader(path: path, place: place.isEmpty ? key : "\(place).\(key)") }

  func object(_ json: JSON?) throws(DataError) -> JSON.Object {
    guard let object = json?.object else { throw problem("`name: value`, indented, was expected.") }
    return object
  }

  func requireKnown(_ object: JSON.Object, _ known: [String]) throws(DataError) {
    for key in object.keys where !known.contains(key) {
      throw problem("there is no \"\(key)\" here; what may stand here: \(known.joined(separator: ", ")).")
    }
  }

  /// - Parameter kind: `a method`.
  func requireFolderName(_ name: String, of kind: String) throws(DataError) {
    guard name.isFolderName else { throw problem("\(kind) is called by letters, digits, dots and hyphens.", at: name) }
  }

  func scalar(_ object: JSON.Object, _ key: String) throws(DataError) -> String? {
    guard let value = object[key] else { return nil }
    guard let text = value.string, !text.isEmpty else { throw problem("one value was expected.", at: key) }
    return text
  }

  func required(_ object: JSON.Object, _ key: String) throws(DataError) -> String {
    guard let text = try scalar(object, key) else { throw problem("\"\(key)\" is missing.") }
    return text
  }

  func count(_ object: JSON.Object, _ key: String, default fallback: Int) throws(DataError) -> Int {
    guard let text = try scalar(object, key) else { return fallback }
    return try count(text, at: key)
  }

  func count(_ text: String, at key: String) throws(DataError) -> Int {
    guard let count = Int(text), (1...10_000_000).contains(count) else {
      throw problem("\"\(text)\" is no count; a number from 1 to 10,000,000 was expected.", at: key)
    }
    return count
  }

  /// Options with one value each.
  func options(_ json: JSON?) throws(DataError) -> RunOptions {
    guard let json else { return RunOptions([]) }
    let (options, swept) = try optionsAndSweeps(json)
    if let sweep = swept.first { throw problem("one value was expected; lists are for methods.", at: sweep.option) }
    return options
  }

  /// Options of training that the study has for every run.
  private static let reserved = [
    "model", "prompts", "data", "annotator", "out", "seed", "stop-after", "keep-last", "threads", "quiet", "resume", "plan",
  ]
  /// Those that tell at which steps policies are looked at.
  private static let shared = ["steps", "checkpoint-every"]

  /// - Parameters:
  ///   - names: of options of `poise train`.
  ///   - isShared: whether all runs have them.
  func requireOwn(_ names: [String], isShared: Bool = false) throws(DataError) {
    for name in names where Self.reserved.contains(name) {
      throw problem("the study says this itself, for every run.", at: name)
    }
    for name in names where !isShared && Self.shared.contains(name) {
      throw problem("all runs are alike in this; it was expected under \"options\".", at: name)
    }
  }

  /// Options, those with lists of values apart.
  func optionsAndSweeps(_ json: JSON) throws(DataError) -> (options: RunOptions, swept: [Study.Method.Sweep]) {
    var entries: [RunOptions.Entry] = []
    var swept: [Study.Method.Sweep] = []
    for (key, value) in try object(json).members {
      let name = key.replacing("_", with: "-")
      guard name.isOptionName else { throw problem("options are called by letters, digits and hyphens.", at: key) }
      guard !entries.contains(where: { $0.name == name }), !swept.contains(where: { $0.option == name }) else {
        throw problem("this is said twice.", at: name)
      }
      if let list = value.array {
        let values = list.compactMap(\.string)
        guard !values.isEmpty, values.count == list.count, Set(values).count == values.count else {
          throw problem("a list of different values was expected.", at: key)
        }
        if let value = values.first(where: { !$0.isPartOfFolderName }) {
          throw problem(
            "\"\(value)\" cannot be swept, as folders are called by it; letters, digits, and . + - were expected.", at: key)
        }
        swept.append(Study.Method.Sweep(option: name, values: values))
      } else if let text = value.string {
        entries.append(RunOptions.Entry(name, text))
      } else {
        throw problem("a value or a list of values was expected.", at: key)
      }
    }
    return (RunOptions(entries), swept)
  }
}

extension Study {
  /// - Parameters:
  ///   - json: the file; scalars are strings.
  ///   - path: of the file, for errors.
  ///   - isSmall: with what the file says under `small` in place of what it says elsewhere.
  public init(_ json: JSON, path: String, isSmall: Bool) throws(DataError) {
    let reader = StudyReader(path: path)
    var object = try reader.object(json)
    let small = object["small"]
    object["small"] = nil
    if isSmall {
      guard let small else { throw reader.problem("the file describes no small version; add `small:`.") }
      object = try object.overlaid(with: reader.inside("small").object(small))
    }
    try reader.requireKnown(
      object, ["title", "task", "tasks", "options", "baseline", "methods", "conditions", "seeds", "search"])
    title = try reader.scalar(object, "title") ?? path
    tasks = try Self.tasks(object, reader)
    options = try reader.inside("options").options(object["options"])
    try reader.inside("options").requireOwn(options.entries.map(\.name), isShared: true)
    methods = try Self.methods(object["methods"], reader.inside("methods"))
    conditions = try Self.conditions(object["conditions"], tasks, reader.inside("conditions"))
    baseline = try reader.scalar(object, "baseline")
    seedCount = try reader.count(object, "seeds", default: 3)
    search = .grid
    if let text = try reader.scalar(object, "search") {
      guard let known = Search(rawValue: text) else { throw reader.problem("grid or halving was expected.", at: "search") }
      search = known
    }
    if let baseline, method(baseline) == nil { throw reader.problem("no method is called \(baseline).", at: "baseline") }
    guard methods.count >= 2 else { throw reader.problem("two methods or more were expected.", at: "methods") }
    try requireFeasible(reader)
  }

  /// Runs of the search, and looks at each of them: more are a mistake, and lists of more would not fit in memory.
  private static let mostRuns = 10_000
  private static let mostLooks = 1_000

  private func requireFeasible(_ reader: StudyReader) throws(DataError) {
    let inside = reader.inside("options")
    guard let text = options["steps"] else { throw inside.problem("\"steps\", the updates of every run, is missing.") }
    let steps = try inside.count(text, at: "steps")
    let every = try inside.count(options["checkpoint-every"] ?? text, at: "checkpoint-every")
    guard steps / every < Self.mostLooks else {
      throw inside.problem("every run would be looked at more than \(Self.mostLooks) times.", at: "checkpoint-every")
    }
    // As numbers that cannot overflow.
    let settings = methods.map { $0.swept.reduce(1.0) { $0 * Double($1.values.count) } }.reduce(0, +)
    guard settings * Double(conditions.count) <= Double(Self.mostRuns) else {
      throw reader.problem("the search would have more than \(Self.mostRuns) runs.", at: "methods")
    }
  }

  private static func methods(_ json: JSON?, _ reader: StudyReader) throws(DataError) -> [Method] {
    var methods: [Method] = []
    for (name, value) in try reader.object(json).members {
      let own = reader.inside(name)
      try reader.requireFolderName(name, of: "a method")
      var object = try own.object(value)
      let algorithm = try own.scalar(object, "algorithm") ?? name
      object["algorithm"] = nil
      let (options, swept) = try own.optionsAndSweeps(.object(object))
      try own.requireOwn(options.entries.map(\.name) + swept.map(\.option))
      methods.append(Method(name: name, algorithm: algorithm, options: options, swept: swept))
    }
    return methods
  }

  private static func tasks(_ object: JSON.Object, _ reader: StudyReader) throws(DataError) -> [StudyTask] {
    guard let several = object["tasks"] else { return [try StudyTask(object["task"], name: "", reader.inside("task"))] }
    guard object["task"] == nil else { throw reader.problem("the file has \"task\" and \"tasks\"; one of them was expected.") }
    let inside = reader.inside("tasks")
    var tasks: [StudyTask] = []
    for (name, value) in try inside.object(several).members {
      try inside.requireFolderName(name, of: "a task")
      tasks.append(try StudyTask(value, name: name, inside.inside(name)))
    }
    guard !tasks.isEmpty else { throw reader.problem("one task or more were expected.", at: "tasks") }
    return tasks
  }

  /// Every task with every set of options; `all` where there is nothing to tell apart.
  private static func conditions(_ json: JSON?, _ tasks: [StudyTask], _ reader: StudyReader) throws(DataError) -> [Condition] {
    var named: [(name: String, options: RunOptions)] = []
    for (name, value) in try json.map(reader.object)?.members ?? [] {
      try reader.requireFolderName(name, of: "a condition")
      let options = try reader.inside(name).options(value)
      try reader.inside(name).requireOwn(options.entries.map(\.name))
      named.append((name, options))
    }
    if named.isEmpty { named = [("", RunOptions([]))] }
    let conditions = tasks.flatMap { task in
      named.map { condition in
        let parts = [task.name, condition.name].filter { !$0.isEmpty }
        return Condition(name: parts.isEmpty ? "all" : parts.joined(separator: "-"), options: condition.options, task: task)
      }
    }
    // `a` under `b-c` and `a-b` under `c` would share their folders.
    if let twice = Dictionary(grouping: conditions, by: \.name).filter({ $1.count > 1 }).keys.min() {
      throw reader.problem("a task and a condition of it are called \(twice) together, and so are others; call one otherwise.")
    }
    return conditions
  }
}

extension StudyTask {
  fileprivate init(_ json: JSON?, name: String, _ reader: StudyReader) throws(DataError) {
    self.name = name
    let object = try reader.object(json)
    let shared = ["validation-prompts", "test-prompts", "judge"]
    validationCount = try reader.count(object, "validation-prompts", default: 400)
    testCount = try reader.count(object, "test-prompts", default: 400)
    if object["model"] == nil {
      try reader.requireKnown(
        object, shared + ["preset", "posts", "vocabulary-size", "judged-posts", "annotator", "sft", "judges"])
      judge = try reader.scalar(object, "judge") ?? "rubric"
      source = .builtIn(
        BuiltIn(
          preset: try reader.scalar(object, "preset") ?? "tiny", posts: try reader.count(object, "posts", default: 24_000),
          vocabularySize: try reader.count(object, "vocabulary-size", default: 1_280),
          judgedPosts: try reader.count(object, "judged-posts", default: 6_000),
          annotator: try reader.scalar(object, "annotator") ?? judge,
          supervised: try reader.inside("sft").options(object["sft"]),
          judges: try reader.inside("judges").options(object["judges"])))
    } else {
      try reader.requireKnown(
        object, shared + ["model", "prompts", "validation", "test", "annotator", "reward", "preferences"])
      judge = try reader.required(object, "judge")
      source = .given(
        Given(
          model: try reader.required(object, "model"), prompts: try reader.required(object, "prompts"),
          validation: try reader.required(object, "validation"), test: try reader.required(object, "test"),
          annotator: try reader.scalar(object, "annotator"), reward: try reader.scalar(object, "reward"),
          preferences: try reader.scalar(object, "preferences")))
    }
  }
}

extension JSON.Object {
  /// The same with another's members in place of its own: objects are overlaid in turn, all else replaced.
  fileprivate func overlaid(with other: JSON.Object) -> JSON.Object {
    var result = self
    for (key, value) in other.members {
      if let own = result[key]?.object, let object = value.object {
        result[key] = .object(own.overlaid(with: object))
      } else {
        result[key] = value
      }
    }
    return result
  }
}

extension String {
  /// Whether a folder of this name means nothing else anywhere.
  fileprivate var isFolderName: Bool { consists(of: "-._") && !hasPrefix(".") }

  /// Whether a folder may have it between other parts, which `_` tells apart.
  fileprivate var isPartOfFolderName: Bool { consists(of: "-.+") }

  /// Whether an option can be called so, in a line of `poise` and in the name of a folder.
  fileprivate var isOptionName: Bool { consists(of: "-") }

  /// Of letters, digits and the marks, at least one and 64 at most.
  private func consists(of marks: String) -> Bool {
    let isKnown = utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || marks.utf8.contains($0)
    }
    return isKnown && (1...64).contains(utf8.count)
  }
}
