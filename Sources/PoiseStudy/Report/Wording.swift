import PoiseFiles

/// Numbers and lists as reports write them.
enum Wording {
  /// A share: three decimals.
  static func share(_ value: Double) -> String { value.formatted(decimals: 3) }

  static func interval(_ interval: ClosedRange<Double>) -> String {
    "\(share(interval.lowerBound))–\(share(interval.upperBound))"
  }

  /// A mean over seeds and their standard deviation, which a single one has not.
  static func spread(_ values: [Double], _ decimals: Int) -> String {
    let mean = values.mean.formatted(decimals: decimals)
    return values.count > 1 ? "\(mean) (\(values.standardDeviation.formatted(decimals: decimals)))" : mean
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ names: [String]) -> String {
    guard names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + names.last!
  }

  /// As a shell would read it back.
  static func shell(_ words: [String]) -> String {
    words.map { word in
      let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_./=:,+@%".utf8.contains(byte)
        }
      return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}

extension String {
  /// As the beginning of a sentence.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
