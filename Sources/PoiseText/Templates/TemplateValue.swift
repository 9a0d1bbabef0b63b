/// What a template computes with.
indirect enum TemplateValue {
  /// A name that stands for nothing: false, and no text, but nothing may be done with it.
  case undefined(String)
  case none
  case boolean(Bool)
  case integer(Int)
  case string(String)
  case list([TemplateValue])
  case dictionary([(key: String, value: TemplateValue)])
  case namespace(Namespace)
  case function(String)
  case method(of: TemplateValue, String)

  /// The one thing that can be changed: `namespace(found=false)`.
  final class Namespace {
    var members: [String: TemplateValue]
    init(_ members: [String: TemplateValue]) { self.members = members }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let boolean): boolean
    case .integer(let integer): integer != 0
    case .string(let text): !text.isEmpty
    case .list(let elements): !elements.isEmpty
    case .dictionary(let members): !members.isEmpty
    case .namespace, .function, .method: true
    }
  }

  /// What a message calls it.
  var kind: String {
    switch self {
    case .undefined(let name): "`\(name)`, which is not defined,"
    case .none: "none"
    case .boolean: "a boolean"
    case .integer: "a number"
    case .string: "a string"
    case .list: "a list"
    case .dictionary: "a mapping"
    case .namespace: "a namespace"
    case .function(let name), .method(_, let name): "the function `\(name)`"
    }
  }

  /// As it is printed; nil for what templates of conversations do not print.
  var text: String? {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .boolean(let boolean): boolean ? "True" : "False"
    case .integer(let integer): String(integer)
    case .string(let text): text
    case .list, .dictionary, .namespace, .function, .method: nil
    }
  }

  /// True and false are numbers, as in Python.
  var integer: Int? {
    switch self {
    case .integer(let integer): integer
    case .boolean(let boolean): boolean ? 1 : 0
    default: nil
    }
  }

  /// What can be gone through: elements, keys or characters; nil for the rest.
  var elements: [TemplateValue]? {
    switch self {
    case .undefined: []
    case .list(let elements): elements
    case .dictionary(let members): members.map { .string($0.key) }
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    default: nil
    }
  }

  /// How many elements there are to go through.
  var count: Int? {
    if case .string(let text) = self { text.unicodeScalars.count } else { elements?.count }
  }

  /// Some of the elements.
  /// - Precondition: there are elements, and the places are among them.
  func elements(at places: some Sequence<Int>) -> [TemplateValue] {
    guard case .string(let text) = self else { return places.map { elements![$0] } }
    let scalars = Array(text.unicodeScalars)
    return places.map { .string(String(scalars[$0])) }
  }

  /// Roughly, what making it costs, in bytes.
  var size: Int {
    switch self {
    case .string(let text): text.utf8.count
    case .list(let elements): 16 * elements.count
    case .dictionary(let members): 32 * members.count
    default: 1
    }
  }

  /// Texts are equal where their scalars are: to Python, unlike Swift, an é of two scalars is not that of one.
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let first), .string(let second)): first.utf8.elementsEqual(second.utf8)
    case (.list(let first), .list(let second)): first.elementsEqual(second) { $0.equals($1) }
    case (.dictionary(let first), .dictionary(let second)):
      first.count == second.count
        && first.allSatisfy { member in second.contains { $0.key == member.key && $0.value.equals(member.value) } }
    case (.namespace(let first), .namespace(let second)): first === second
    default: integer != nil && integer == other.integer
    }
  }
}
