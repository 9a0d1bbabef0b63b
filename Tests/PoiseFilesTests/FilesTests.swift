import Foundation
import PoiseDigest
import PoiseFiles
import Testing

@Suite final class FilesTests {
  let folder = FileManager.default.temporaryDirectory.path + "/poise-files-\(UUID().uuidString)"

  init() throws { try Files.createDirectory(folder) }

  deinit { Files.remove(folder) }

  @Test func aFileIsReplacedAsAWhole() throws {
    let path = folder + "/a.txt"
    try Files.replace(path, with: "old")
    try Files.replace(path, with: "new")
    #expect(try Files.read(path) == Data("new".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
  }

  @Test func aFailedReplacementLeavesTheOldFileAndNothingElse() throws {
    let path = folder + "/a.txt"
    try Files.replace(path, with: "old")
    let error = #expect(throws: FileError.self) {
      try Files.replace(path) { handle in
        try handle.write(contentsOf: Data("half".utf8))
        throw POSIXError(.ENOSPC)
      }
    }
    #expect(error == .writeFailed(path: path, reason: "No space left on device"))
    #expect(try Files.read(path) == Data("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
  }

  @Test func theOldFileIsThereUntilTheNewOneIsWhole() throws {
    let path = folder + "/a.txt"
    try Files.replace(path, with: "old")
    try Files.replace(path) { handle in
      try handle.write(contentsOf: Data("new".utf8))
      #expect(try Files.read(path) == Data("old".utf8))
    }
    #expect(try Files.read(path) == Data("new".utf8))
  }

  @Test func aFolderIsNotReplacedByAFile() throws {
    let error = #expect(throws: FileError.self) { try Files.replace(folder, with: "x") }
    #expect(error == .writeFailed(path: folder, reason: "Is a directory"))
    #expect(Files.isDirectory(folder))
  }

  @Test func failuresHaveTheirKind() throws {
    let missing = folder + "/missing"
    #expect(throws: FileError.missing(path: missing)) { try Files.read(missing) }
    #expect(throws: FileError.unreadable(path: folder, reason: "it is a folder")) { try Files.read(folder) }
    let unreachable = #expect(throws: FileError.self) { try Files.replace(missing + "/a", with: "") }
    #expect(unreachable?.category == .cannotCreate)
    try Files.replace(folder + "/file", with: "")
    let blocked = #expect(throws: FileError.self) { try Files.createDirectory(folder + "/file/b") }
    #expect(blocked?.category == .cannotCreate)
    #expect(FileError.missing(path: "a").category.rawValue == 66)
  }

  /// A pipe to which nobody writes would be waited for, and zeros never end.
  @Test func whatIsNoRegularFileIsRefusedWhereNobodyNamedIt() throws {
    let pipe = folder + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let zeros = folder + "/zeros"
    try FileManager.default.createSymbolicLink(atPath: zeros, withDestinationPath: "/dev/zero")
    for path in [pipe, zeros] {
      let refusal = FileError.unreadable(path: path, reason: "it is not a regular file")
      #expect(throws: refusal) { try Files.read(path) }
      #expect(throws: refusal) { try Files.readJSON(path) }
      #expect(throws: refusal) { try SHA256.digest(ofFile: path) }
    }
  }

  @Test func whatTheUserNamesMayBeAPipe() throws {
    let pipe = folder + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // A thread, not a task: that would wait until some test has left it a place, while this one keeps a place and waits for it.
    Thread.detachNewThread { try? Data("steps: 5".utf8).write(to: URL(fileURLWithPath: pipe)) }
    #expect(try Files.readInput(pipe) == Data("steps: 5".utf8))
    #expect(try Files.readInput("/dev/null").isEmpty)
    #expect(throws: FileError.unreadable(path: folder, reason: "it is a folder")) { try Files.readInput(folder) }
    #expect(throws: FileError.missing(path: folder + "/none")) { try Files.readInput(folder + "/none") }
  }

  @Test func whereNothingCanBeWrittenIsKnownBeforehand() throws {
    try Files.replace(folder + "/file", with: "x")
    try Files.requireCreatable(folder + "/file")
    try Files.requireCreatable(folder + "/new")
    #expect(try Files.read(folder + "/file") == Data("x".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    for path in [folder, folder + "/file/b", folder + "/missing/b"] {
      let error = #expect(throws: FileError.self) { try Files.requireCreatable(path) }
      #expect(error?.category == .cannotCreate)
    }
  }

  @Test func aFolderMayBeMadeWhereTheOneAboveItMayBeWrittenTo() throws {
    for path in [folder, folder + "/new", folder + "/new/and/deep"] { try Files.requireWritableFolder(path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    try Files.replace(folder + "/file", with: "")
    for path in ["file", "file/below"] {
      let error = #expect(throws: FileError.self) { try Files.requireWritableFolder(folder + "/" + path) }
      #expect(error == .cannotCreate(path: folder + "/" + path, reason: "\(folder)/file is a file"))
    }
  }

  @Test func badJSONIsNamedWithItsPlace() throws {
    let path = folder + "/a.json"
    try Files.replace(path, with: "{\n  \"a\": ?\n}")
    let error = #expect(throws: DataError.self) { try Files.readJSON(path) }
    #expect(error?.description == "\(path), line 2: this is not valid JSON (column 8: a value was expected).")
    #expect(error?.category.rawValue == 65)
    try Files.replace(path, with: "{\"a\": [1]}")
    #expect(try Files.readJSON(path) == ["a": [1]])
  }
}

@Suite struct ExactStringTests {
  @Test func stringsAreComparedByteForByte() {
    #expect("\u{E9}" == "e\u{301}")
    #expect(ExactString("\u{E9}") != ExactString("e\u{301}"))
    #expect(Set([ExactString("\u{212B}"), ExactString("\u{C5}"), ExactString("\u{C5}")]).count == 2)
    #expect(ExactString("a") < ExactString("b") && ExactString("e\u{301}") < ExactString("\u{E9}"))
  }
}
