extension JSON {
  /// One line, as JSON Lines wants it: `{"loss": 0.5, "tokens": 3}`.
  public var line: String {
    var text = ""
    write(into: &text, indentation: nil, depth: 0)
    return text
  }

  /// Indented by two spaces and closed by a newline, as people and Hugging Face keep configuration files.
  public var page: String {
    var text = ""
    write(into: &text, indentation: "  ", depth: 0)
    return text + "\n"
  }

  private func write(into text: inout String, indentation: String?, depth: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let bool): text += bool ? "true" : "false"
    case .number(let number): text += number.text
    case .string(let string): JSON.write(string, into: &text)
    case .array(let elements):
      JSON.writeList(elements, between: ("[", "]"), into: &text, indentation: indentation, depth: depth) { element, text in
        element.write(into: &text, indentation: indentation, depth: depth + 1)
      }
    case .object(let object):
      JSON.writeList(object.members, between: ("{", "}"), into: &text, indentation: indentation, depth: depth) { member, text in
        JSON.write(member.key, into: &text)
        text += ": "
        member.value.write(into: &text, indentation: indentation, depth: depth + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], between brackets: (String, String), into text: inout String, indentation: String?, depth: Int,
    write: (Element, inout String) -> Void
  ) {
    func newLine(_ depth: Int) -> String { indentation.map { "\n" + String(repeating: $0, count: depth) } ?? "" }
    text += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { text += indentation == nil ? ", " : "," }
      text += newLine(depth + 1)
      write(element, &text)
    }
    if !elements.isEmpty { text += newLine(depth) }
    text += brackets.1
  }

  private static func write(_ string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
