import PoiseFiles

/// What a resumed run has otherwise than it began with, where that changes its result: it will not end in the bytes of a run that
/// nobody disturbed.
public struct RunDifference: CustomStringConvertible, Equatable {
  private let items: [String]

  private static let keys = ["poise_version", "command", "seed"]
  /// Kernels have the same bits with each.
  private static let harmlessKeys = ["instruction_set", "blas"]
  private static let groups = ["options", "data_sha256"]

  /// Nil where nothing differs.
  ///
  /// - Parameters:
  ///   - began: `poise_run.json` of the checkpoint.
  ///   - goesOn: the same of the run that takes it up.
  public init?(began: JSON, goesOn: JSON) {
    items = Self.items(began: began, goesOn: goesOn)
    if items.isEmpty { return nil }
  }

  /// What differs, one by one.
  ///
  /// - Parameter all: what should make no difference too, for those who look for the reason of one.
  static func items(began: JSON, goesOn: JSON, all: Bool = false) -> [String] {
    func line(_ name: String, _ first: JSON?, _ second: JSON?) -> String? {
      let (first, second) = (first ?? .null, second ?? .null)
      return first == second ? nil : "\(name) was \(first.line) and is \(second.line)"
    }
    return (keys + (all ? harmlessKeys : [])).compactMap { line($0, began[$0], goesOn[$0]) }
      + groups.flatMap { group in
        let names = ((goesOn[group]?.object?.keys ?? []) + (began[group]?.object?.keys ?? [])).uniqued
        return names.filter { $0 != "steps" || fallsWithSteps(goesOn) }.compactMap { name in
          group == "options"
            ? line(name, began[group]?[name], goesOn[group]?[name])
            : began[group]?[name] == goesOn[group]?[name] ? nil : "the file of \(name) has other bytes"
        }
      }
  }

  /// Whether the learning rate depends on the number of steps to come: else more of them are only more.
  private static func fallsWithSteps(_ run: JSON) -> Bool { run["options"]?["schedule"]?.string != "constant" }

  public var description: String {
    "The run goes on otherwise than it began, so it will not end in the bytes of an undisturbed one: "
      + items.joined(separator: "; ") + "."
  }
}

extension [String] {
  /// Each once, in the order of their first places.
  fileprivate var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
