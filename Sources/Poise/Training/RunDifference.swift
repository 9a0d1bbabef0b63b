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
        let (first, second) = (values(began[group]), values(goesOn[group]))
        return names.filter { $0 != "steps" || fallsWithSteps(goesOn) }.compactMap { name in
          group == "options"
            ? line(name, first[name], second[name])
            : first[name] == second[name] ? nil : "the file of \(name) has other bytes"
        }
      }
  }

  /// By name, to be looked up in constant time: a file may have any number of them.
  private static func values(_ object: JSON?) -> [String: JSON] {
    Dictionary((object?.object?.members ?? []).map { ($0.key, $0.value) }) { first, _ in first }
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
