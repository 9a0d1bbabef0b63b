/// Runs a template.
struct TemplateRenderer {
  private(set) var output = ""
  /// The innermost last; loops open one for each turn, so what is set within is forgotten behind.
  private var scopes: [[String: TemplateValue]]
  /// Each step takes one, as do each sixteen bytes that are made, and a turn of a loop: no template runs or grows without end. A
  /// message takes about fifty.
  private(set) var budget = 2_000_000

  init(_ variables: [String: TemplateValue]) { scopes = [variables] }

  mutating func charge(_ value: TemplateValue? = nil) throws(TemplateError) { try charge(steps: 1 + (value?.size ?? 0) / 16) }

  private mutating func charge(steps: Int) throws(TemplateError) {
    budget -= steps
    guard budget > 0 else { throw .unusable("it takes too many steps, or makes too much text") }
  }

  /// For looking at all of a value, or keeping it within another: lists of lists of lists grow exponentially, and whoever takes them
  /// apart runs down their depth.
  mutating func charge(whole value: TemplateValue, depth: Int = 0) throws(TemplateError) {
    try charge(value)
    guard depth < Self.greatestDepth else { throw .unusable("it makes lists of lists, more than \(Self.greatestDepth) deep") }
    switch value {
    case .list(let elements): for element in elements { try charge(whole: element, depth: depth + 1) }
    case .dictionary(let members): for member in members { try charge(whole: member.value, depth: depth + 1) }
    case .method(let owner, _): try charge(whole: owner, depth: depth + 1)
    default: break
    }
  }

  /// For something to be kept within a list, a mapping or a namespace.
  private mutating func charge(kept value: TemplateValue) throws(TemplateError) {
    if case .namespace = value { throw .unusable("it keeps a namespace within something else") }
    try charge(whole: value, depth: 1)
  }

  private static let greatestDepth = 16

  /// What can be gone through; nil for the rest.
  mutating func elements(of value: TemplateValue) throws(TemplateError) -> [TemplateValue]? {
    if case .string(let text) = value { try charge(steps: text.utf8.count) }  // a value for each character
    return value.elements
  }

  // MARK: statements

  mutating func run(_ statements: [TemplateStatement]) throws(TemplateError) {
    for statement in statements {
      try charge()
      switch statement {
      case .text(let text): try write(.string(text))
      case .output(let expression): try write(try value(of: expression))
      case .set(let object, let name, let expression): try set(name, of: object, to: try value(of: expression))
      case .branches(let branches, let otherwise): try run(try body(of: branches) ?? otherwise)
      case .loop(let loop): try run(loop)
      }
    }
  }

  private mutating func write(_ value: TemplateValue) throws(TemplateError) {
    guard let text = value.text else { throw .unusable("it prints \(value.kind)") }
    try charge(value)
    output += text
  }

  private mutating func set(_ name: String, of object: String?, to value: TemplateValue) throws(TemplateError) {
    guard let object else { return scopes[scopes.count - 1][name] = value }
    guard case .namespace(let namespace) = variable(object) else {
      throw .unusable("it sets `\(object).\(name)`, and `\(object)` is no namespace")
    }
    try charge(kept: value)
    namespace.members[name] = value
  }

  private mutating func body(
    of branches: [(condition: TemplateExpression, body: [TemplateStatement])]
  ) throws(TemplateError) -> [TemplateStatement]? {
    for branch in branches where try value(of: branch.condition).isTrue { return branch.body }
    return nil
  }

  private mutating func run(_ loop: TemplateLoop) throws(TemplateError) {
    let values = try value(of: loop.values)
    guard var elements = try elements(of: values) else { throw .unusable("it goes through \(values.kind)") }
    try charge(.list(elements))
    scopes.append([:])
    defer { scopes.removeLast() }
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for element in elements {
        try assign(element, to: loop.variables)
        if try value(of: condition).isTrue { kept.append(element) }
      }
      elements = kept
    }
    for (index, element) in elements.enumerated() {
      try charge()
      scopes[scopes.count - 1] = ["loop": Self.loopVariable(index, elements)]
      try assign(element, to: loop.variables)
      try run(loop.body)
    }
    if elements.isEmpty { try run(loop.otherwise) }
  }

  private mutating func assign(_ element: TemplateValue, to variables: [String]) throws(TemplateError) {
    guard variables.count > 1 else { return scopes[scopes.count - 1][variables[0]] = element }
    guard case .list(let parts) = element, parts.count == variables.count else {
      throw .unusable("it takes \(element.kind) for \(variables.count) values")
    }
    for (variable, part) in zip(variables, parts) { scopes[scopes.count - 1][variable] = part }
  }

  private static func loopVariable(_ index: Int, _ elements: [TemplateValue]) -> TemplateValue {
    let count = elements.count
    func neighbour(_ place: Int, _ name: String) -> TemplateValue {
      elements.indices.contains(place) ? elements[place] : .undefined(name)
    }
    return .dictionary([
      ("index", .integer(index + 1)), ("index0", .integer(index)), ("revindex", .integer(count - index)),
      ("revindex0", .integer(count - index - 1)), ("first", .boolean(index == 0)), ("last", .boolean(index == count - 1)),
      ("length", .integer(count)), ("previtem", neighbour(index - 1, "previtem")), ("nextitem", neighbour(index + 1, "nextitem")),
    ])
  }

  // MARK: expressions

  private func variable(_ name: String) -> TemplateValue {
    if let value = scopes.last(where: { $0[name] != nil })?[name] { return value }
    return Self.functions.contains(name) ? .function(name) : .undefined(name)
  }

  mutating func value(of expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
    try charge()
    switch expression {
    case .string(let text): return .string(text)
    case .integer(let integer): return .integer(integer)
    case .boolean(let boolean): return .boolean(boolean)
    case .none: return .none
    case .name(let name): return variable(name)
    case .list(let elements):
      let values = try values(of: elements)
      for value in values { try charge(kept: value) }
      return .list(values)
    case .dictionary(let members): return try dictionary(members)
    case .negative(let operand):
      let value = try value(of: operand)
      guard let integer = value.integer else { throw .unusable("it takes \(value.kind) for a number") }
      return .integer(0 &- integer)
    case .not(let operand): return .boolean(!(try value(of: operand).isTrue))
    case .all(let terms): return try firstValue(of: terms) { !$0.isTrue }
    case .any(let terms): return try firstValue(of: terms) { $0.isTrue }
    case .arithmetic(let first, let rest):
      var result = try value(of: first)
      for (symbol, operand) in rest {
        result = try Self.arithmetic(symbol, result, try value(of: operand))
        try charge(result)
      }
      return result
    case .comparison(let first, let rest): return .boolean(try comparison(first, rest))
    case .conditional(let value, let condition, let otherwise):
      if try self.value(of: condition).isTrue { return try self.value(of: value) }
      return try otherwise.map { other throws(TemplateError) in try self.value(of: other) } ?? .undefined("else")
    case .steps(let first, let steps):
      var result = try value(of: first)
      for step in steps {
        if case .string = result { try charge(result) }
        result = try self.step(step, from: result)
        try charge(result)
      }
      return result
    }
  }

  private mutating func values(of expressions: [TemplateExpression]) throws(TemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try value(of: expression)) }
    return values
  }

  private mutating func dictionary(
    _ members: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws(TemplateError) -> TemplateValue {
    var values: [(key: String, value: TemplateValue)] = []
    for member in members {
      guard case .string(let key) = try value(of: member.key) else { throw .unusable("a key of a mapping is no string") }
      let value = try value(of: member.value)
      try charge(kept: value)
      values.append((key, value))
    }
    return .dictionary(values)
  }

  /// The first value that decides, or the last: `and` and `or` give their operands, not only true and false.
  private mutating func firstValue(
    of terms: [TemplateExpression], that decides: (TemplateValue) -> Bool
  ) throws(TemplateError) -> TemplateValue {
    var result = TemplateValue.none
    for term in terms {
      result = try value(of: term)
      if decides(result) { break }
    }
    return result
  }

  private static func arithmetic(
    _ symbol: String, _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    let unusable = TemplateError.unusable("it computes \(first.kind) \(symbol) \(second.kind), which is not known here")
    switch (symbol, first, second) {
    case ("~", _, _):
      guard let first = first.text, let second = second.text else { throw unusable }
      return .string(first + second)
    case ("+", .string(let first), .string(let second)): return .string(first + second)
    case ("+", .list(let first), .list(let second)): return .list(first + second)
    default:
      guard let first = first.integer, let second = second.integer else { throw unusable }
      let (result, overflow) =
        switch symbol {
        case "+": first.addingReportingOverflow(second)
        case "-": first.subtractingReportingOverflow(second)
        case "*": first.multipliedReportingOverflow(by: second)
        case "//" where second > 0, "%" where second > 0: (floor(symbol, first, second), false)
        default: (0, true)
        }
      guard !overflow else { throw unusable }
      return .integer(result)
    }
  }

  /// Quotient or remainder, rounded down as Python's are.
  private static func floor(_ symbol: String, _ first: Int, _ second: Int) -> Int {
    let (quotient, remainder) = first.quotientAndRemainder(dividingBy: second)
    if symbol == "%" { return remainder < 0 ? remainder + second : remainder }
    return remainder < 0 ? quotient - 1 : quotient
  }

  private mutating func comparison(
    _ first: TemplateExpression, _ rest: [(symbol: String, operand: TemplateExpression)]
  ) throws(TemplateError) -> Bool {
    var left = try value(of: first)
    for (symbol, operand) in rest {
      let right = try value(of: operand)
      guard try holds(left, symbol, right) else { return false }
      left = right
    }
    return true
  }

  mutating func holds(_ left: TemplateValue, _ symbol: String, _ right: TemplateValue) throws(TemplateError) -> Bool {
    try charge(whole: left)
    try charge(whole: right)
    switch symbol {
    case "==": return left.equals(right)
    case "!=": return !left.equals(right)
    case "not in": return !(try holds(left, "in", right))
    case "in":
      if case .string(let text) = right {
        guard case .string(let part) = left else { throw .unusable("it looks for \(left.kind) in a string") }
        return part.isEmpty || Array(text.utf8).contains(Array(part.utf8))
      }
      guard let elements = try elements(of: right) else { throw .unusable("it looks for something in \(right.kind)") }
      return elements.contains { $0.equals(left) }
    default:
      let isLess: Bool
      let isGreater: Bool
      if let left = left.integer, let right = right.integer {
        (isLess, isGreater) = (left < right, left > right)
      } else if case (.string(let left), .string(let right)) = (left, right) {
        isLess = left.utf8.lexicographicallyPrecedes(right.utf8)
        isGreater = right.utf8.lexicographicallyPrecedes(left.utf8)
      } else {
        throw .unusable("it asks whether \(left.kind) \(symbol) \(right.kind)")
      }
      switch symbol {
      case "<": return isLess
      case ">": return isGreater
      case "<=": return !isGreater
      default: return !isLess
      }
    }
  }

  // MARK: steps

  private mutating func step(_ step: TemplateExpression.Step, from value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch step {
    case .attribute(let name): return try Self.member(name, of: value, orMethod: true)
    case .item(let key): return try item(try self.value(of: key), of: value)
    case .slice(let start, let end, let stride): return try slice(value, start, end, stride)
    case .call(let arguments): return try call(value, try evaluate(arguments))
    case .filter(let name, let arguments): return try filter(name, value, try evaluate(arguments))
    case .test(let name, let arguments, let isNegated):
      return .boolean(try test(name, value, try evaluate(arguments)) != isNegated)
    }
  }

  private mutating func evaluate(_ arguments: TemplateExpression.Arguments) throws(TemplateError) -> Arguments {
    var evaluated = Arguments(positional: try values(of: arguments.positional))
    for (name, expression) in arguments.named { evaluated.named[name] = try value(of: expression) }
    for value in evaluated.positional { try charge(value) }
    for value in evaluated.named.values { try charge(kept: value) }  // by a namespace
    return evaluated
  }

  private static func member(
    _ name: String, of value: TemplateValue, orMethod: Bool
  ) throws(TemplateError) -> TemplateValue {
    if orMethod, methods(of: value).contains(name) { return .method(of: value, name) }
    switch value {
    case .undefined: throw .unusable("it asks for `\(name)` of \(value.kind)")
    case .dictionary(let members): return members.first { $0.key == name }?.value ?? .undefined(name)
    case .namespace(let namespace): return namespace.members[name] ?? .undefined(name)
    default: return .undefined(name)
    }
  }

  private func item(_ key: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    if case .string(let name) = key { return try Self.member(name, of: value, orMethod: false) }
    if case .undefined = value { throw .unusable("it asks for an element of \(value.kind)") }
    if case .dictionary = value { return .undefined(key.text ?? "") }
    guard let index = key.integer, let count = value.count else {
      throw .unusable("it asks for the element \(key.kind) of \(value.kind)")
    }
    let place = index < 0 ? index + count : index
    return (0..<count).contains(place) ? value.elements(at: [place])[0] : .undefined("[\(index)]")
  }

  private mutating func slice(
    _ value: TemplateValue, _ start: TemplateExpression?, _ end: TemplateExpression?, _ stride: TemplateExpression?
  ) throws(TemplateError) -> TemplateValue {
    if case .undefined = value { throw .unusable("it takes a part of \(value.kind)") }
    if case .dictionary = value { throw .unusable("it takes a part of \(value.kind)") }
    guard let count = value.count else { throw .unusable("it takes a part of \(value.kind)") }
    let step = try bound(stride) ?? 1
    guard step != 0 else { throw .unusable("it takes a part by steps of 0") }
    // The places that a bound may have: behind the last element and, going backwards, before the first.
    let limits = step > 0 ? 0...count : -1...count - 1
    func place(_ bound: Int?, default other: Int) -> Int {
      guard let bound else { return other }
      return min(max(bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound, limits.lowerBound), limits.upperBound)
    }
    let first = place(try bound(start), default: step > 0 ? limits.lowerBound : limits.upperBound)
    let last = place(try bound(end), default: step > 0 ? limits.upperBound : limits.lowerBound)
    let places = Swift.stride(from: first, to: last, by: step)
    guard case .string(let text) = value else { return .list(value.elements(at: places)) }
    let scalars = Array(text.unicodeScalars)
    var part = String.UnicodeScalarView()
    for place in places { part.append(scalars[place]) }
    return .string(String(part))
  }

  private mutating func bound(_ expression: TemplateExpression?) throws(TemplateError) -> Int? {
    guard let expression else { return nil }
    let value = try value(of: expression)
    if case .none = value { return nil }
    guard let integer = value.integer else { throw .unusable("a part goes to \(value.kind), which is no place") }
    return integer
  }
}
