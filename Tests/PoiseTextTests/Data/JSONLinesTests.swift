import Foundation
import PoiseFiles
import PoiseText
import Testing

@Suite struct JSONLinesTests {
  func lines(_ path: String) throws -> [(Int, JSON)] {
    var lines: [(Int, JSON)] = []
    try JSONLines.read(path) { lines.append(($0, $1)) }
    return lines
  }

  func pack(_ path: String) throws {
    let gzip = try Process.run(URL(fileURLWithPath: "/usr/bin/env"), arguments: ["gzip", "-k", "--", path])
    gzip.waitUntilExit()
    try #require(gzip.terminationStatus == 0)
  }

  @Test func linesHaveNumbersAndBlankOnesArePassedOver() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      try Files.replace(path, with: "\u{FEFF}{\"a\": 1}\r\n\n  \t\n[2]\n\"no line feed\"")
      let read = try lines(path)
      #expect(read.map(\.0) == [1, 4, 5])
      #expect(read.map(\.1) == [["a": 1], [2], "no line feed"])
      try Files.replace(path, with: "")
      #expect(try lines(path).isEmpty)
    }
  }

  @Test func linesOfAnyLengthComeThrough() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      let values = [0, 1, 65_533, 65_534, 65_535, 65_536, 200_000].map { JSON.string(String(repeating: "é", count: $0)) }
      try JSONLines.write(values, to: path)
      #expect(try lines(path).map(\.1) == values)
      try pack(path)
      #expect(try lines(path + ".gz").map(\.1) == values)
    }
  }

  /// A packed file may be a thousand times as long as it looks.
  @Test func aLineThatDoesNotEndIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      try Files.replace(path, with: "{}\n" + String(repeating: " ", count: 1 << 25))
      try pack(path)
      for path in [path, path + ".gz"] {
        let error = #expect(throws: DataError.self) { try lines(path) }
        #expect(error == DataError(path, line: 2, "the line is longer than 16777216 bytes."))
      }
    }
  }

  @Test func aBadLineIsNamed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      try Data("{}\n\n{\"a\": \u{1}}\n".utf8 + [0x22, 0xFF, 0x22, 0x0A] + "3\n".utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: DataError.self) { try lines(path) }
      #expect(error?.path == path && error?.line == 3)
      #expect(error?.problem == "this is not valid JSON (column 7: a value was expected). One whole object a line was expected.")
      var outcomes: [String] = []
      try JSONLines.readTolerantly(path) { line, json in
        switch json {
        case .success(let value): outcomes.append("\(line) \(value.line)")
        case .failure(let error): outcomes.append("\(error.line!) bad")
        }
      }
      #expect(outcomes == ["1 {}", "3 bad", "4 bad", "5 3"])
    }
  }

  @Test func filesThatCannotBeReadAreNamed() throws {
    try withTemporaryFolder { folder in
      for name in ["missing.jsonl", "missing.jsonl.gz"] {
        #expect(throws: FileError.missing(path: folder + "/" + name)) { try lines(folder + "/" + name) }
      }
      #expect(throws: FileError.unreadable(path: folder, reason: "it is a folder")) { try lines(folder) }
      #expect(mkfifo(folder + "/pipe.gz", 0o600) == 0)
      #expect(throws: FileError.unreadable(path: folder + "/pipe.gz", reason: "it is not a regular file")) {
        try lines(folder + "/pipe.gz")
      }
      try Files.replace(folder + "/plain.gz", with: "{}\n")
      let error = #expect(throws: DataError.self) { try lines(folder + "/plain.gz") }
      #expect(error?.problem == "this is not a whole gzip file. Pack it again, or give the plain file.")
    }
  }

  @Test func aGzipFileThatIsCutOffIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.jsonl"
      try JSONLines.write((0..<20_000).map { JSON($0 &* 2_654_435_761 % 1_000_003) }, to: path)
      try pack(path)
      let whole = try Files.read(path + ".gz")
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path + ".gz"))
      #expect(throws: DataError.self) { try lines(path + ".gz") }
    }
  }

  @Test func readingMayEndEarly() throws {
    struct Enough: Error {}
    try withTemporaryFolder { folder in
      let path = folder + "/a b; 'c.jsonl"
      try JSONLines.write((0..<200_000).map { JSON($0) }, to: path)
      try pack(path)
      var count = 0
      #expect(throws: Enough.self) {
        try JSONLines.read(path + ".gz") { _, _ in
          count += 1
          if count == 10 { throw Enough() }
        }
      }
      #expect(count == 10)
    }
  }

  @Test func linesAreAppendedWholeAndAtOnce() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      let appender = try JSONLinesAppender(path)
      for step in 1...3 {
        try appender.append(["step": JSON(step)])
        #expect(try lines(path).map(\.1["step"]) == (1...step).map { JSON($0) })
      }
      try JSONLinesAppender(path).append(["step": 4])
      #expect(try lines(path).count == 4)
    }
  }

  @Test(arguments: [("{\"a\": 1}\n{\"b\"", "{\"a\": 1}\n"), ("{\"b\"", ""), ("", ""), ("1\n", "1\n")])
  func anUnfinishedLastLineIsCutOff(old: String, kept: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      for tail in ["", String(repeating: "x", count: 10_000)] where tail.isEmpty || !old.hasSuffix("\n") {
        try Files.replace(path, with: old + tail)
        try JSONLinesAppender(path).append(2)
        #expect(try Files.read(path) == Data((kept + "2\n").utf8))
      }
    }
  }

  @Test(arguments: [("1\n2\n3\n", "2\n"), ("1\n{\"torn", ""), ("2\n2\n", "2\n2\n"), ("", "")])
  func whatIsNotWantedGoes(old: String, kept: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      try Files.replace(path, with: old)
      #expect(try JSONLines.filter(path) { $0 == 2 } == kept.count { $0 == "\n" })
      #expect(try Files.read(path) == Data(kept.utf8))
    }
  }

  @Test func anAppenderNeedsAPlaceToWrite() throws {
    let error = #expect(throws: FileError.self) { try JSONLinesAppender("/nowhere/at/all.jsonl") }
    #expect(error?.category == .cannotCreate)
  }
}
