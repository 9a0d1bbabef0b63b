import PoiseFiles
import PoiseRandom
import Testing

@Suite struct JSONWritingTests {
  @Test func aLineIsALine() {
    let json: JSON = ["loss": 0.5, "tokens": 3, "text": "a\nb\t\"c\"\\\u{1}\u{7F}é", "list": [.null, true], "empty": [:]]
    #expect(json.line == #"{"loss": 0.5, "tokens": 3, "text": "a\nb\t\"c\"\\\u0001\u007fé", "list": [null, true], "empty": {}}"#)
  }

  @Test func aPageIsIndentedAndClosed() {
    #expect(
      (["a": [1, 2], "b": [:], "c": []] as JSON).page == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}\n")
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let json: JSON = ["a": ["\u{0}\u{1F}\u{2028}😁\\", -1, 1.25, .null, ["b": false]], "": ""]
    #expect(try JSON(parsing: json.line) == json)
    #expect(try JSON(parsing: json.page) == json)
  }

  @Test func doublesComeBackBitForBit() throws {
    var doubles = [0.1, -0.0, 1 / 3.0, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 5e-324, 1e23, 123456789012345680.0]
    var state: UInt64 = 1
    for _ in 0..<1000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let double = Double(bitPattern: state)
      if double.isFinite { doubles.append(double) }
    }
    for double in doubles {
      #expect(try JSON(parsing: JSON(double).line).double?.bitPattern == double.bitPattern)
    }
    #expect(JSON(0.1).line == "0.10000000000000001")
  }

  @Test func whatIsNotFiniteIsNull() {
    #expect(JSON(Double.nan).line == "null" && JSON(Double.infinity).line == "null")
    #expect(JSON([1.5, -.infinity]).line == "[1.5, null]")
  }

  @Test func membersAreReplacedAddedAndRemoved() {
    var object: JSON.Object = JSON.Object()
    object["a"] = 1
    object["b"] = 2
    object["a"] = 3
    #expect(JSON.object(object).line == #"{"a": 3, "b": 2}"#)
    object["a"] = nil
    object["c"] = nil
    #expect(object.keys == ["b"])
  }

  @Test func numbersAreFormattedAsInC() {
    #expect(0.1.formatted(significantDigits: 4) == "0.1")
    #expect(1234567.0.formatted(significantDigits: 3) == "1.23e+06")
    #expect(2.0.formatted(decimals: 3) == "2.000")
  }
}
