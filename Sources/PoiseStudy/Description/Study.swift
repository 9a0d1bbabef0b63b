import PoiseFiles

/// A comparison of methods, on one task or several, as its file describes it: every method with every setting of what is swept, the
/// best setting of each chosen on validation prompts, several seeds of the chosen ones, and all of them side by side on other
/// prompts (Calandriello et al. 2024, section 6).
public struct Study: Sendable, Equatable {
  public var title: String
  /// One at least; what is the only one has no name.
  public var tasks: [StudyTask]
  /// Options of `poise train` in every run.
  public var options: RunOptions
  public var methods: [Method]
  /// Circumstances under each of which everything is done: every task with every set of options that the file names, or with none.
  public var conditions: [Condition]
  /// The method whose chosen checkpoint the others are selected against; it is selected against the supervised policy, as all are
  /// where this is nil.
  public var baseline: String?
  /// Runs of each chosen setting.
  public var seedCount: Int
  public var search: Search

  /// A way to train: an algorithm with options, some of which have several values to choose from.
  public struct Method: Sendable, Equatable {
    public var name: String
    /// As `poise train` calls it.
    public var algorithm: String
    public var options: RunOptions
    public var swept: [Sweep]

    public struct Sweep: Sendable, Equatable {
      public var option: String
      public var values: [String]
    }

    /// Every combination of swept values, the last option's running fastest; one that is empty where nothing is swept.
    public var settings: [RunOptions] {
      swept.reduce([RunOptions([])]) { settings, sweep in
        settings.flatMap { setting in sweep.values.map { setting.overridden(by: [RunOptions.Entry(sweep.option, $0)]) } }
      }
    }
  }

  public struct Condition: Sendable, Equatable {
    public var name: String
    public var options: RunOptions
    public var task: StudyTask
  }

  /// How settings are searched.
  public enum Search: String, Sendable, CaseIterable {
    /// Every setting runs to the end.
    case grid
    /// Of the settings of a method the better half goes on after a quarter, and again after half of the steps (successive halving,
    /// Jamieson & Talwalkar 2016).
    case halving
  }

  public func method(_ name: String) -> Method? { methods.first { $0.name == name } }

  public func condition(_ name: String) -> Condition? { conditions.first { $0.name == name } }

  /// Of a method's runs: a setting has the last word, before it the method, then the condition, then the study.
  func options(of method: Method, setting: RunOptions, under condition: Condition) -> RunOptions {
    options.overridden(by: condition.options.entries).overridden(by: method.options.entries)
      .overridden(by: setting.entries)
  }

  /// Updates of a run.
  public var steps: Int { options["steps"].flatMap { Int($0) } ?? 0 }

  /// Steps after which policies are looked at, ascending; the last is ``steps``.
  public var checkpointSteps: [Int] {
    let every = options["checkpoint-every"].flatMap { Int($0) } ?? steps
    return Array(stride(from: every, to: steps, by: max(every, 1))) + [steps]
  }
}

/// What is learnt, from whom, and who judges.
public struct StudyTask: Sendable, Equatable {
  /// Empty for the only task of a study.
  public var name: String
  /// Prompts on which settings are chosen, and others on which the chosen ones are compared.
  public var validationCount: Int
  public var testCount: Int
  /// JUDGE of the comparisons; another than what policies learn from.
  public var judge: String
  public var source: Source

  public enum Source: Sendable, Equatable {
    /// Made by the study.
    case builtIn(BuiltIn)
    case given(Given)
  }

  /// The built-in task.
  public struct BuiltIn: Sendable, Equatable {
    public var preset: String
    public var posts: Int
    public var vocabularySize: Int
    /// Posts that get two answers of the supervised policy, which the rubric compares: what judges and offline methods learn from.
    public var judgedPosts: Int
    /// Who compares them.
    public var annotator: String
    /// Options of `poise sft`, and of `poise preference` and `poise reward`.
    public var supervised: RunOptions
    public var judges: RunOptions
  }

  /// What the user has.
  public struct Given: Sendable, Equatable {
    /// The supervised policy, reference of all.
    public var model: String
    public var prompts: String
    public var validation: String
    public var test: String
    /// Of online methods, and of those that learn from rewards; nil where no method asks.
    public var annotator: String?
    public var reward: String?
    /// Of offline methods.
    public var preferences: String?
  }
}
