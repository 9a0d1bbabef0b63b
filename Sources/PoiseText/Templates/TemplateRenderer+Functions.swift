/// The functions, methods, filters and tests that templates may use.
extension TemplateRenderer {
  struct Arguments {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]

    var isEmpty: Bool { positional.isEmpty && named.isEmpty }

    /// The strings, where there are no others and no more than `count`.
    func strings(atMost count: Int, _ function: String) throws(TemplateError) -> [String] {
      let strings = positional.compactMap { if case .string(let text) = $0 { text } else { nil } }
      guard named.isEmpty, strings.count == positional.count, strings.count <= count else {
        throw .unusable("`\(function)` is called in a way that is not known here")
      }
      return strings
    }
  }

  /// `strftime_now` is not among them: what a text is must not depend on the day. Templates that ask whether it is defined fall back
  /// to a date of their own.
  static let functions: Set<String> = ["raise_exception", "namespace", "range"]

  static func methods(of value: TemplateValue) -> Set<String> {
    switch value {
    case .string:
      ["strip", "lstrip", "rstrip", "startswith", "endswith", "split", "replace", "upper", "lower", "capitalize"]
    case .dictionary: ["items", "keys", "values", "get"]
    default: []
    }
  }

  func call(_ callee: TemplateValue, _ arguments: Arguments) throws(TemplateError) -> TemplateValue {
    switch callee {
    case .function("raise_exception"):
      throw .raised(arguments.positional.first?.text ?? "")
    case .function("namespace"):
      guard arguments.positional.isEmpty else { throw .unusable("`namespace` is called in a way that is not known here") }
      return .namespace(.init(arguments.named))
    case .function: return try Self.range(arguments)
    case .method(.string(let text), let name): return try method(name, of: text, arguments)
    case .method(.dictionary(let members), let name): return try Self.method(name, of: members, arguments)
    case .undefined(let name): throw .unusable("it calls `\(name)`, which is not known here")
    default: throw .unusable("it calls \(callee.kind)")
    }
  }

  private static func range(_ arguments: Arguments) throws(TemplateError) -> TemplateValue {
    let bounds = arguments.positional.compactMap(\.integer)
    guard (1...2).contains(bounds.count), bounds.count == arguments.positional.count, arguments.named.isEmpty else {
      throw .unusable("`range` is called in a way that is not known here")
    }
    let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
    let (count, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, count <= 10_000 else { throw .unusable("it counts further than 10000") }
    return .list((0..<max(count, 0)).map { .integer(start + $0) })
  }

  private func method(
    _ name: String, of text: String, _ arguments: Arguments
  ) throws(TemplateError) -> TemplateValue {
    let strings = try arguments.strings(atMost: 2, name)
    switch (name, strings.count) {
    case ("strip", 0...1): return .string(text.stripped(strings.first))
    case ("lstrip", 0...1): return .string(text.stripped(strings.first, atEnd: false))
    case ("rstrip", 0...1): return .string(text.stripped(strings.first, atStart: false))
    case ("startswith", 1): return .boolean(text.utf8.starts(with: strings[0].utf8))
    case ("endswith", 1): return .boolean(text.utf8.reversed().starts(with: strings[0].utf8.reversed()))
    case ("upper", 0), ("lower", 0), ("capitalize", 0): return .string(text.recased(name))
    case ("split", 0):
      return .list(text.unicodeScalars.split(maxSplits: budget) { $0.isPythonSpace }.map { .string(String($0)) })
    case ("split", 1) where !strings[0].isEmpty:
      return .list(
        Array(text.utf8).split(separator: Array(strings[0].utf8), maxSplits: budget, omittingEmptySubsequences: false)
          .map { .string(String(decoding: $0, as: UTF8.self)) })
    case ("replace", 2) where !strings[0].isEmpty: return .string(replacing(strings[0], in: text, with: strings[1]))
    default: throw .unusable("`\(name)` is called in a way that is not known here")
    }
  }

  private static func method(
    _ name: String, of members: [(key: String, value: TemplateValue)], _ arguments: Arguments
  ) throws(TemplateError) -> TemplateValue {
    switch (name, arguments.positional.count) {
    case ("items", 0): return .list(members.map { .list([.string($0.key), $0.value]) })
    case ("keys", 0): return .list(members.map { .string($0.key) })
    case ("values", 0): return .list(members.map(\.value))
    case ("get", 1...2):
      let found = members.first { TemplateValue.string($0.key).equals(arguments.positional[0]) }?.value
      return found ?? arguments.positional.dropFirst().first ?? .none
    default: throw .unusable("`\(name)` is called in a way that is not known here")
    }
  }

  /// Byte by byte: what Swift takes for one character may begin in the middle of `part`. What would be more than the budget has is
  /// left undone, and refused when it is charged.
  private func replacing(_ part: String, in text: String, with other: String) -> String {
    let most = 16 * budget / max(1, other.utf8.count) + 1
    let bytes = Array(text.utf8).replacing(Array(part.utf8), with: Array(other.utf8), maxReplacements: most)
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func filter(_ name: String, _ value: TemplateValue, _ arguments: Arguments) throws(TemplateError) -> TemplateValue {
    switch name {
    case "trim", "upper", "lower", "capitalize", "string", "safe", "replace":
      guard let text = value.text else { throw .unusable("the filter `\(name)` is given \(value.kind)") }
      switch name {
      case "trim": return .string(text.stripped(try arguments.strings(atMost: 1, name).first))
      case "replace":
        let strings = try arguments.strings(atMost: 2, name)
        guard strings.count == 2, !strings[0].isEmpty else {
          throw .unusable("`replace` is called in a way that is not known here")
        }
        return .string(replacing(strings[0], in: text, with: strings[1]))
      default: return .string(text.recased(name))
      }
    case "default", "d":
      let isAlsoForFalse = arguments.named["boolean"]?.isTrue ?? arguments.positional.dropFirst().first?.isTrue ?? false
      if case .undefined = value { return arguments.positional.first ?? .string("") }
      return isAlsoForFalse && !value.isTrue ? arguments.positional.first ?? .string("") : value
    case "length", "count":
      guard let count = value.count else { throw .unusable("the filter `\(name)` is given \(value.kind)") }
      return .integer(count)
    case "first", "last", "list", "join":
      guard let elements = try elements(of: value) else { throw .unusable("the filter `\(name)` is given \(value.kind)") }
      switch name {
      case "first": return elements.first ?? .undefined("first")
      case "last": return elements.last ?? .undefined("last")
      case "list": return .list(elements)
      default:
        let separator = try arguments.strings(atMost: 1, name).first ?? ""
        let texts = elements.compactMap(\.text)
        guard texts.count == elements.count else { throw .unusable("it joins what is no text") }
        for text in texts { try charge(.string(text)) }
        for _ in texts { try charge(.string(separator)) }
        return .string(texts.joined(separator: separator))
      }
    default: throw .unusable("the filter `\(name)` is not known here")
    }
  }

  mutating func test(_ name: String, _ value: TemplateValue, _ arguments: Arguments) throws(TemplateError) -> Bool {
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _), ("undefined", .undefined), ("none", .none), ("string", .string), ("mapping", .dictionary),
      ("boolean", .boolean), ("integer", .integer), ("number", .integer), ("number", .boolean), ("true", .boolean(true)),
      ("false", .boolean(false)):
      return true
    case ("undefined", _), ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("integer", _), ("number", _), ("true", _),
      ("false", _):
      return false
    case ("iterable", _), ("sequence", _): return value.count != nil
    case ("equalto", _), ("eq", _), ("in", _):
      guard let other = arguments.positional.first else { throw .unusable("the test `\(name)` has nothing to compare with") }
      return try holds(value, name == "in" ? "in" : "==", other)
    default: throw .unusable("the test `\(name)` is not known here")
    }
  }
}

extension String {
  /// Without white space, or without the given characters, at its ends.
  fileprivate func stripped(_ characters: String?, atStart: Bool = true, atEnd: Bool = true) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var rest = unicodeScalars[...]
    if atStart { rest = rest.drop(while: isStripped) }
    if atEnd { while let last = rest.last, isStripped(last) { rest.removeLast() } }
    return String(rest)
  }

  /// By the name of a method or filter; as it is for other names.
  fileprivate func recased(_ name: String) -> String {
    switch name {
    case "upper": uppercased()
    case "lower": lowercased()
    case "capitalize": String(unicodeScalars.prefix(1)).uppercased() + String(unicodeScalars.dropFirst()).lowercased()
    default: self
    }
  }
}

extension Unicode.Scalar {
  /// Unicode's white space and four separators of ASCII.
  fileprivate var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
