/// A JSON value that keeps what Foundation's loses and checkpoints need: the order of an object's members, the text of
/// its numbers (so that an unknown configuration key is saved as it came), and the refusal of duplicate keys.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Number)
  case string(String)
  case array([JSON])
  case object(Object)

  /// A number as it was written, for example `1e-05`.
  public struct Number: Equatable, Sendable {
    public let text: String
    package init(text: String) { self.text = text }
    public var double: Double? { Double(text) }
    /// Nil unless the number is an integer that `Int` holds; `2.0` counts.
    public var int: Int? { Int(text) ?? Double(text).flatMap { Int(exactly: $0) } }
  }

  /// Members in the order of the file; keys are unique.
  public struct Object: Equatable, Sendable {
    public private(set) var members: [(key: String, value: JSON)] = []

    public init() {}

    /// Linear in the number of members, as assigning keys one by one is not.
    /// - Precondition: the keys are unique.
    package init(uniqueMembers: [(key: String, value: JSON)]) { members = uniqueMembers }

    public var keys: [String] { members.map(\.key) }

    /// Reading is linear in the number of members: iterate `members` where there are thousands. Assigning nil removes;
    /// a new key goes to the end.
    public subscript(key: String) -> JSON? {
      get { members.first { $0.key == key }?.value }
      set {
        let index = members.firstIndex { $0.key == key }
        switch (index, newValue) {
        case (let index?, let value?): members[index].value = value
        case (let index?, nil): members.remove(at: index)
        case (nil, let value?): members.append((key, value))
        case (nil, nil): break
        }
      }
    }

    public static func == (a: Object, b: Object) -> Bool {
      a.members.count == b.members.count && zip(a.members, b.members).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    }
  }

  public var int: Int? { if case .number(let number) = self { number.int } else { nil } }
  public var double: Double? { if case .number(let number) = self { number.double } else { nil } }
  public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  public var array: [JSON]? { if case .array(let array) = self { array } else { nil } }
  public var object: Object? { if case .object(let object) = self { object } else { nil } }
  public var isNull: Bool { self == .null }

  /// The member of an object; nil for other values and absent keys.
  public subscript(key: String) -> JSON? { object?[key] }

  /// What a message calls a value of this kind.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

// Not by nil: in an optional context the literal would silently mean null.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .init(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .init(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = Object()
    for (key, value) in elements {
      precondition(object[key] == nil, "duplicate key \(key)")
      object[key] = value
    }
    self = .object(object)
  }

  public init(_ value: Int) { self = .number(Number(text: String(value))) }

  /// Seventeen significant digits, so that the very double comes back; null where the value is not finite, because JSON
  /// has no word for it.
  public init(_ value: Double) {
    self = value.isFinite ? .number(Number(text: value.formatted(significantDigits: 17))) : .null
  }

  public init(_ values: some Sequence<Int>) { self = .array(values.map { JSON($0) }) }
  public init(_ values: some Sequence<Double>) { self = .array(values.map { JSON($0) }) }
}
