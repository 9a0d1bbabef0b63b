import PoiseFiles

extension DatasetReport {
  /// One object with all counts, for programs.
  public var json: JSON {
    var fields = JSON.Object()
    for (field, summary) in lengths { fields[field] = summary.json }
    return [
      "file": .string(path), "kind": kind.map { .string($0.rawValue) } ?? .null, "records": JSON(records),
      "bad_lines": JSON(badLines), "ties": JSON(ties), "empty_answers": JSON(emptyAnswers), "empty_prompts": JSON(emptyPrompts),
      "duplicates": JSON(duplicates), "limit": limit.map { JSON($0) } ?? .null, "truncations": JSON(truncations),
      "unit": .string(unit.rawValue), "lengths": .object(fields),
      "problems": .array(
        problems.map { ["line": $0.line.map { JSON($0) } ?? .null, "problem": .string($0.problem)] }),
    ]
  }

  /// The same for people: counts, a row a field, and the first bad lines.
  public var table: String {
    var rows = [
      ("kind", kind?.rawValue ?? "unknown"), ("records", String(records)), ("bad lines", String(badLines)),
      ("ties", String(ties)),
      ("empty answers", String(emptyAnswers)), ("empty prompts", String(emptyPrompts)), ("duplicates", String(duplicates)),
    ]
    if let limit { rows.append(("longer than \(limit)", String(truncations))) }
    let width = rows.map(\.0.count).max() ?? 0
    var text = path + "\n"
    for (name, value) in rows { text += "  \(name.padded(to: width))  \(value)\n" }
    if !lengths.isEmpty { text += "\n" + lengthTable }
    if !problems.isEmpty { text += "\n" + problems.map { "\($0)\n" }.joined() }
    if badLines > problems.count { text += "… and \(badLines - problems.count) more bad lines\n" }
    return text
  }

  private var lengthTable: String {
    let titles = ["min", "mean", "median", "p95", "max"]
    var text = "  \(unit.rawValue.padded(to: 12))" + titles.map { $0.padded(to: 9, onTheLeft: true) }.joined() + "\n"
    for (field, summary) in lengths {
      let values = [
        String(summary.minimum), summary.mean.formatted(decimals: 1), String(summary.median), String(summary.percentile95),
        String(summary.maximum),
      ]
      text += "  \(field.padded(to: 12))" + values.map { $0.padded(to: 9, onTheLeft: true) }.joined() + "\n"
    }
    return text
  }
}

extension String {
  fileprivate func padded(to width: Int, onTheLeft: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - count))
    return onTheLeft ? padding + self : self + padding
  }
}
