/// Makes statements and expressions of a template's pieces, with Jinja's precedences.
struct TemplateParser {
  private var pieces: ArraySlice<TemplateScanner.Piece>
  /// Of the tag that is being read.
  private var tokens: ArraySlice<TemplateScanner.Token> = []
  private var line = 1
  /// Of brackets, prefixes and blocks that are open; bounded, because whoever runs a template runs down its depth.
  private var depth = 0
  private static let greatestDepth = 64

  init(_ pieces: [TemplateScanner.Piece]) { self.pieces = pieces[...] }

  mutating func template() throws(TemplateError) -> [TemplateStatement] {
    let (body, end) = try statements(until: [])
    precondition(end == nil)
    return body
  }

  // MARK: statements

  /// - Returns: also the name of the statement that ended the block, whose other tokens are still to be read; nil at the end.
  private mutating func statements(until ends: Set<String>) throws(TemplateError) -> ([TemplateStatement], end: String?) {
    try enter()
    defer { depth -= 1 }
    var statements: [TemplateStatement] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text): statements.append(.text(text))
      case .output(let tokens, let line):
        (self.tokens, self.line) = (tokens[...], line)
        statements.append(.output(try expression()))
        try requireEnd()
      case .statement(let tokens, let line):
        (self.tokens, self.line) = (tokens[...], line)
        let name = try word()
        if ends.contains(name) { return (statements, name) }
        statements += try statement(name)
      }
    }
    guard ends.isEmpty else { throw wrong("a block has no \(ends.sorted().joined(separator: " or "))") }
    return (statements, nil)
  }

  private mutating func statement(_ name: String) throws(TemplateError) -> [TemplateStatement] {
    switch name {
    case "if": return [try branches()]
    case "for": return [try loop()]
    case "set": return [try assignment()]
    case "generation":  // transformers marks what an assistant says by it, and prints it as it is
      try requireEnd()
      let (body, _) = try statements(until: ["endgeneration"])
      try requireEnd()
      return body
    default: throw wrong("the statement `\(name)` is not known here")
    }
  }

  private mutating func branches() throws(TemplateError) -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    while true {
      let condition = try expression()
      try requireEnd()
      let (body, end) = try statements(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      if end == "elif" { continue }
      try requireEnd()
      return .branches(branches, otherwise: end == "else" ? try self.body(until: "endif") : [])
    }
  }

  private mutating func body(until end: String) throws(TemplateError) -> [TemplateStatement] {
    let (body, _) = try statements(until: [end])
    try requireEnd()
    return body
  }

  private mutating func loop() throws(TemplateError) -> TemplateStatement {
    var variables = [try word()]
    while take(",") { variables.append(try word()) }
    guard takeWord("in") else { throw wrong("`for` has no `in`") }
    let values = try disjunction()
    let condition = takeWord("if") ? try expression() : nil
    if takeWord("recursive") { throw wrong("`recursive` loops are not known here") }
    try requireEnd()
    let (body, end) = try statements(until: ["else", "endfor"])
    try requireEnd()
    let otherwise = end == "else" ? try self.body(until: "endfor") : []
    return .loop(
      TemplateLoop(variables: variables, values: values, condition: condition, body: body, otherwise: otherwise))
  }

  private mutating func assignment() throws(TemplateError) -> TemplateStatement {
    let first = try word()
    let second = take(".") ? try word() : nil
    guard take("=") else { throw wrong("only `set name = value` is known here") }
    let value = try expression()
    try requireEnd()
    return .set(object: second == nil ? nil : first, name: second ?? first, value)
  }

  // MARK: expressions, from the loosest operator to the tightest

  private mutating func expression() throws(TemplateError) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    let value = try disjunction()
    guard takeWord("if") else { return value }
    let condition = try disjunction()
    return .conditional(value, condition: condition, otherwise: takeWord("else") ? try expression() : nil)
  }

  private mutating func disjunction() throws(TemplateError) -> TemplateExpression {
    var terms = [try conjunction()]
    while takeWord("or") { terms.append(try conjunction()) }
    return terms.count == 1 ? terms[0] : .any(terms)
  }

  private mutating func conjunction() throws(TemplateError) -> TemplateExpression {
    var terms = [try negation()]
    while takeWord("and") { terms.append(try negation()) }
    return terms.count == 1 ? terms[0] : .all(terms)
  }

  private mutating func negation() throws(TemplateError) -> TemplateExpression {
    guard takeWord("not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    return .not(try negation())
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let first = try sum()
    var rest: [(symbol: String, operand: TemplateExpression)] = []
    while let symbol = comparisonOperator() { rest.append((symbol, try sum())) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func comparisonOperator() -> String? {
    if let symbol = ["==", "!=", "<", "<=", ">", ">="].first(where: { tokens.first == .symbol($0) }) {
      tokens.removeFirst()
      return symbol
    }
    if takeWord("in") { return "in" }
    guard tokens.first == .name("not"), tokens.dropFirst().first == .name("in") else { return nil }
    tokens.removeFirst(2)
    return "not in"
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    var (first, rest) = (try concatenation(), [(symbol: String, operand: TemplateExpression)]())
    while let symbol = takeAny(["+", "-"]) { rest.append((symbol, try concatenation())) }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func concatenation() throws(TemplateError) -> TemplateExpression {
    var (first, rest) = (try product(), [(symbol: String, operand: TemplateExpression)]())
    while take("~") { rest.append(("~", try product())) }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func product() throws(TemplateError) -> TemplateExpression {
    var (first, rest) = (try prefixed(), [(symbol: String, operand: TemplateExpression)]())
    while let symbol = takeAny(["*", "/", "//", "%", "**"]) { rest.append((symbol, try prefixed())) }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func prefixed() throws(TemplateError) -> TemplateExpression {
    guard take("-") else { return try stepped(try primary()) }
    try enter()
    defer { depth -= 1 }
    return try stepped(.negative(try unfiltered()))
  }

  /// What a sign stands before: filters and tests come after it.
  private mutating func unfiltered() throws(TemplateError) -> TemplateExpression {
    guard take("-") else { return try stepped(try primary(), isFiltered: false) }
    try enter()
    defer { depth -= 1 }
    return .negative(try unfiltered())
  }

  private mutating func primary() throws(TemplateError) -> TemplateExpression {
    guard let token = tokens.popFirst() else { throw wrong("a value is missing") }
    switch token {
    case .string(var text):
      while case .string(let more)? = tokens.first {  // neighbours are one string, as in Python
        text += more
        tokens.removeFirst()
      }
      return .string(text)
    case .integer(let integer): return .integer(integer)
    case .name("true"), .name("True"): return .boolean(true)
    case .name("false"), .name("False"): return .boolean(false)
    case .name("none"), .name("None"): return .none
    case .name(let name): return .name(name)
    case .symbol("("):
      let value = try expression()
      if tokens.first == .symbol(",") { throw wrong("tuples are not known here") }
      try require(")")
      return value
    case .symbol("["):
      var elements: [TemplateExpression] = []
      while !take("]") {
        elements.append(try expression())
        if !take(",") { try require("]"); break }
      }
      return .list(elements)
    case .symbol("{"):
      var members: [(key: TemplateExpression, value: TemplateExpression)] = []
      while !take("}") {
        let key = try expression()
        try require(":")
        members.append((key, try expression()))
        if !take(",") { try require("}"); break }
      }
      return .dictionary(members)
    case .symbol(let symbol): throw wrong("a value was expected where `\(symbol)` is")
    }
  }

  private mutating func stepped(
    _ value: TemplateExpression, isFiltered: Bool = true
  ) throws(TemplateError) -> TemplateExpression {
    var steps: [TemplateExpression.Step] = []
    while let step = try step(isFiltered) { steps.append(step) }
    return steps.isEmpty ? value : .steps(value, steps)
  }

  /// - Parameter isFiltered: whether filters and tests are among the steps.
  private mutating func step(_ isFiltered: Bool) throws(TemplateError) -> TemplateExpression.Step? {
    if take(".") {
      if case .integer(let index)? = tokens.first {
        tokens.removeFirst()
        return .item(.integer(index))
      }
      return .attribute(try word())
    }
    if take("[") { return try subscripted() }
    if take("(") { return .call(try arguments()) }
    guard isFiltered else { return nil }
    if take("|") { return .filter(try word(), take("(") ? try arguments() : .init()) }
    guard takeWord("is") else { return nil }
    let isNegated = takeWord("not")
    let name = try word()
    if take("(") { return .test(name, try arguments(), isNegated: isNegated) }
    var arguments = TemplateExpression.Arguments()
    if startsArgumentOfTest {
      try enter()
      defer { depth -= 1 }
      arguments.positional = [try stepped(try primary())]
    }
    return .test(name, arguments, isNegated: isNegated)
  }

  /// A test may have an argument without brackets: `loop.index is divisibleby 3`.
  private var startsArgumentOfTest: Bool {
    switch tokens.first {
    case .string, .integer: true
    case .name(let name): !["and", "or", "not", "if", "else", "in", "is", "recursive"].contains(name)
    case .symbol(let symbol): symbol == "[" || symbol == "{"
    case nil: false
    }
  }

  private mutating func subscripted() throws(TemplateError) -> TemplateExpression.Step {
    var parts: [TemplateExpression?] = [nil]
    while !take("]") {
      if take(":") {
        parts.append(nil)
      } else {
        parts[parts.count - 1] = try expression()
        guard tokens.first == .symbol(":") || tokens.first == .symbol("]") else { throw wrong("a `]` is missing") }
      }
    }
    guard parts.count <= 3, parts.count > 1 || parts[0] != nil else { throw wrong("a subscript is not complete") }
    return parts.count == 1 ? .item(parts[0]!) : .slice(parts[0], parts[1], parts.count == 3 ? parts[2] : nil)
  }

  /// Those behind an opening bracket, which is taken already.
  private mutating func arguments() throws(TemplateError) -> TemplateExpression.Arguments {
    var arguments = TemplateExpression.Arguments()
    while !take(")") {
      if case .name(let name)? = tokens.first, tokens.dropFirst().first == .symbol("=") {
        tokens.removeFirst(2)
        arguments.named.append((name, try expression()))
      } else {
        arguments.positional.append(try expression())
      }
      if !take(",") {
        try require(")")
        break
      }
    }
    return arguments
  }

  // MARK: tokens

  private mutating func take(_ symbol: String) -> Bool { take(.symbol(symbol)) }
  private mutating func takeWord(_ word: String) -> Bool { take(.name(word)) }
  private mutating func takeAny(_ symbols: [String]) -> String? { symbols.first { take(.symbol($0)) } }

  private mutating func take(_ token: TemplateScanner.Token) -> Bool {
    guard tokens.first == token else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func word() throws(TemplateError) -> String {
    guard case .name(let name)? = tokens.popFirst() else { throw wrong("a name is missing") }
    return name
  }

  private mutating func require(_ symbol: String) throws(TemplateError) {
    guard take(symbol) else { throw wrong("a `\(symbol)` is missing") }
  }

  private func requireEnd() throws(TemplateError) {
    guard let token = tokens.first else { return }
    let text =
      switch token {
      case .name(let text), .symbol(let text): text
      case .string: "a string"
      case .integer(let integer): String(integer)
      }
    throw wrong("nothing was expected where `\(text)` is")
  }

  private mutating func enter() throws(TemplateError) {
    depth += 1
    guard depth <= Self.greatestDepth else { throw wrong("brackets or blocks are nested more than \(Self.greatestDepth) deep") }
  }

  private func wrong(_ problem: String) -> TemplateError { .unusable("\(problem) (line \(line))") }
}
