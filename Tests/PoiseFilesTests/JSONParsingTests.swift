import Foundation
import PoiseFiles
import Testing

@Suite struct JSONParsingTests {
  @Test func everyKindOfValueIsRead() throws {
    let json = try JSON(parsing: #" {"a": [null, true, false, -1.5e3, "x"], "b": {}, "c": []} "#)
    let elements = try #require(json["a"]?.array)
    #expect(elements.count == 5 && elements[0].isNull && elements[1] == true && elements[2] == false)
    #expect(elements[3].double == -1500 && elements[3].int == -1500 && elements[4].string == "x")
    #expect(json["b"]?.object?.members.isEmpty == true)
    #expect(json["c"] == [])
    #expect(json["d"] == nil)
    #expect(elements.map(\.kind) == ["null", "a boolean", "a boolean", "a number", "a string"])
  }

  @Test func membersKeepTheirOrderAndNumbersTheirText() throws {
    let text = #"{"z": 1e-05, "a": 0.10, "m": 12345678901234567890, "b": -0}"#
    let json = try JSON(parsing: text)
    #expect(json.object?.keys == ["z", "a", "m", "b"])
    #expect(json.line == text)
    #expect(json["z"]?.double == 1e-5)
    #expect(json["m"]?.int == nil && json["b"]?.int == 0)
    #expect(try JSON(parsing: "2.0").int == 2 && JSON(parsing: "2.5").int == nil)
  }

  @Test(arguments: [
    (#""\u00e9\n\t\"\\\/\b\f\r""#, "é\n\t\"\\/\u{8}\u{C}\r"), (#""\ud83d\ude01""#, "😁"), (#""\u0000""#, "\u{0}"),
    ("\"é😁\"", "é😁"), (#""a\u0041b""#, "aAb"), (#""\uFEFF""#, "\u{FEFF}"),
  ])
  func stringsAreUnescaped(text: String, expected: String) throws {
    let string = try #require(try JSON(parsing: text).string)
    #expect(string.utf8.elementsEqual(expected.utf8))
  }

  @Test(arguments: [
    ("", "ends where a value"), ("  ", "ends where a value"), ("nul", "value was expected"), ("nullx", "after the value"),
    ("[1, 2", "comma or ]"), ("[1,]", "value was expected"), ("{\"a\" 1}", "colon"), ("{\"a\": 1", "comma or }"),
    ("{a: 1}", "double quotes"), ("{\"a\": 1,}", "double quotes"), ("01", "not a JSON number"), ("-", "not a JSON number"),
    ("1.", "decimal point"), ("1e", "exponent"), ("1e+", "exponent"), (".5", "value was expected"), ("+1", "value was expected"),
    ("NaN", "value was expected"), ("\"a", "not closed"), ("\"\\", "not closed"), ("\"\\x\"", "not an escape"),
    ("\"\\u12\"", "hexadecimal"), ("\"\\u+123\"", "hexadecimal"), ("\"\\u-000\"", "hexadecimal"),
    ("\"\\ud83d\"", "surrogate"), ("\"\\ud83d\\n\"", "surrogate"), ("\"\\ud83d\\u0041\"", "surrogate"),
    ("\"\\ude01\"", "surrogate"), ("\"a\nb\"", "control character"), ("1 2", "after the value"), ("'a'", "value was expected"),
    ("{\"a\": 1, \"b\": 2, \"a\": 3}", "\"a\" occurs twice"), ("{\"a\": 1, \"\\u0061\": 2}", "\"a\" occurs twice"),
  ])
  func whatIsNotJSONIsRefused(text: String, problem: String) {
    let error = #expect(throws: JSONError.self, "\(text)") { try JSON(parsing: text) }
    #expect(error?.problem.contains(problem) == true, "\(text): \(error?.problem ?? "")")
  }

  @Test func keysThatOnlyLookAlikeAreDifferent() throws {
    let json = try JSON(parsing: "{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(json.object?.members.map(\.value) == [1, 2])
  }

  @Test(
    arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22]] as [[UInt8]])
  func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
    #expect(error?.problem == "a string is not valid UTF-8")
  }

  @Test func errorsSayWhere() {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\n  \"a\": 1,\n  \"b\": x\n}") }
    #expect(error?.line == 3 && error?.column == 8)
    #expect(error?.description == "line 3, column 8: a value was expected")
  }

  @Test func nestingEndsBeforeTheStackDoes() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(throws: Never.self) { try JSON(parsing: nested(256)) }
    for depth in [257, 1_000_000] {
      let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(depth)) }
      #expect(error?.problem == "values are nested deeper than 256")
    }
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 100_000)) }
  }

  @Test func anyCollectionOfBytesIsRead() throws {
    #expect(try JSON(parsing: Data("[1]".utf8)) == [1])
    #expect(try JSON(parsing: "[1]".utf8.lazy.map { $0 }) == [1])
  }
}
