/// A text with places to be filled in, in the language of Jinja as far as chat templates need it: outputs, `if`, `for`, `set`,
/// comments and their white-space control, as Hugging Face transformers sets Jinja up (`trim_blocks`, `lstrip_blocks`).
///
///     "{% for m in messages %}{{ m.role }}: {{ m.content | trim }}\n{% endfor %}"
///
/// Policy: what is not known here is refused by name and never guessed. A statement that is not known is refused when the template
/// is read; a filter, test, function or method only when it is reached, for templates are full of what tools need, and
/// conversations without tools never get there.
struct Template: Sendable {
  private let statements: [TemplateStatement]

  /// - Throws: where the text is no template, or has a statement that is not known.
  init(_ text: String) throws(TemplateError) {
    var scanner = TemplateScanner(text)
    var parser = TemplateParser(try scanner.pieces())
    statements = try parser.template()
  }

  /// - Throws: where the template raises an exception, uses what is not known, or does not come to an end.
  func render(_ variables: [String: TemplateValue]) throws(TemplateError) -> String {
    var renderer = TemplateRenderer(variables)
    try renderer.run(statements)
    return renderer.output
  }
}

/// Why a template cannot be read or followed.
enum TemplateError: Error, Equatable {
  /// What is wrong with the template, or not known here; to be continued by a full stop.
  case unusable(String)
  /// The template's own words, from `raise_exception`.
  case raised(String)
}

/// A part of a template that is run.
indirect enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  /// `set name = value`, or `set object.name = value` of a namespace.
  case set(object: String?, name: String, TemplateExpression)
  case branches([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
  case loop(TemplateLoop)
}

/// `for variables in values if condition`
struct TemplateLoop: Sendable {
  /// Two or more take a list apart.
  var variables: [String]
  var values: TemplateExpression
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  /// Run where there was nothing to go through.
  var otherwise: [TemplateStatement]
}

/// Chains are lists rather than nested pairs, so that the depth of an expression is that of its brackets, which is bounded.
indirect enum TemplateExpression: Sendable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case none
  case name(String)
  case list([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case negative(TemplateExpression)
  case not(TemplateExpression)
  case all([TemplateExpression])
  case any([TemplateExpression])
  /// Of one precedence, from left to right.
  case arithmetic(TemplateExpression, [(symbol: String, operand: TemplateExpression)])
  /// Each neighbour with the next, as in `a < b < c`.
  case comparison(TemplateExpression, [(symbol: String, operand: TemplateExpression)])
  case conditional(TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)
  case steps(TemplateExpression, [Step])

  struct Arguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
  }

  /// What may follow a value.
  enum Step: Sendable {
    case attribute(String)
    case item(TemplateExpression)
    case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(Arguments)
    case filter(String, Arguments)
    case test(String, Arguments, isNegated: Bool)
  }
}
