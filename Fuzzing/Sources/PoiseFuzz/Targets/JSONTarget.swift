import Foundation
import PoiseFiles

/// `JSON`: linear time; at most about a hundred bytes of memory a byte; nesting up to 256, so that no stack overflows. What was read
/// is written as JSON that reads as the same value.
enum JSONTarget: FuzzTarget {
  static let name = "json"
  static let dictionary = [
    "true", "false", "null", "\\u0000", "\\ud800", "\\udc00", "\\\"", "1e999", "-0", "[[[[", "{\"\":", "1E-5",
  ]

  static let seeds = [
    "{\"a\": [1, -2.5e+10, true, false, null], \"b\": {\"\": \"\\u00e9\\ud83d\\ude00\\n\\/\"}}", "[]", " \"\\\\\\\"\" ",
    "-0.0E-0",
    String(repeating: "[", count: 300), "{\"a\":1,\"a\":2}", "\"\u{e9}e\u{301}\"", "\"\\ud800\"",
    "[1e999,123456789012345678901234567890]",
  ].map { Array($0.utf8) }

  static func run(_ input: [UInt8]) throws {
    let json = try Files.parseJSON(Data(input), path: "input")
    _ = (json.int, json.double, json["a"])
    let (line, page) = (try JSON(parsing: json.line), try JSON(parsing: json.page))
    precondition(line == json && page == json)
  }
}
