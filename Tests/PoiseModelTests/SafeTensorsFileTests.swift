import Foundation
import PoiseFiles
import PoiseModel
import Testing

@Suite struct SafeTensorsFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(_ header: String, buffer: [UInt8] = []) throws -> SafeTensorsFile {
    try SafeTensorsFile(path: folder.file("test.safetensors", safeTensorsBytes(header, buffer: buffer)))
  }

  private func problem(_ header: String, bufferCount: Int = 0) -> String {
    let error = #expect(throws: CheckpointError.self) {
      try open(header, buffer: Array(repeating: 0, count: bufferCount))
    }
    guard case .badHeader(_, let problem) = error else { return "\(error, default: "nothing")" }
    return problem
  }

  @Test func tensorsComeInTheOrderOfTheirBytes() throws {
    let file = try open(
      #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"__metadata__":{"format":"pt"},"#
        + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   "#,
      buffer: littleEndian([0.5, -3]))
    #expect(file.names == ["a", "b"])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors["a"]?.shape == [])
    #expect(try file.floats("a") == [0.5])
    #expect(try file.floats("b") == [-3])
  }

  @Test func elementsMayStartAtAnyByte() throws {
    let file = try open(
      #"{"flag":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#,
      buffer: [7] + littleEndian([1.5, 2.5]))
    #expect(try file.floats("x") == [1.5, 2.5])
  }

  @Test func fourPrecisionsBecomeFloats() throws {
    let doubles = [1.0, -0.1].flatMap { littleEndian($0.bitPattern) }
    let halves: [UInt16] = [0x3C00, 0x0001, 0x3F80, 0xC040]  // two of each kind
    let file = try open(
      #"{"f64":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"f16":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},"#
        + #""bf16":{"dtype":"BF16","shape":[2],"data_offsets":[20,24]}}"#,
      buffer: doubles + halves.flatMap { littleEndian($0) })
    #expect(try file.floats("f64") == [1, -0.1])
    #expect(try file.floats("f16") == [1, 0x1p-24])
    #expect(try file.floats("bf16") == [1, -3])
  }

  @Test func emptyTensorsAndEmptyHeadersAreLegal() throws {
    #expect(try open("{}").names == [])
    #expect(try open("\t\n{}\r ").names == [])
    let file = try open(
      #"{"a":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      buffer: littleEndian([9]))
    #expect(try file.floats("a") == [])
    #expect(try file.floats("b") == [9])
  }

  @Test func filesThatEndEarlyAreCutShort() throws {
    func error(_ bytes: [UInt8]) throws -> CheckpointError? {
      let path = try folder.file("short.safetensors", bytes)
      return #expect(throws: CheckpointError.self) { try SafeTensorsFile(path: path) }
    }
    let path = folder.path + "/short.safetensors"
    #expect(try error([]) == .cutShort(path: path, expectedBytes: 8, foundBytes: 0))
    #expect(try error(littleEndian(UInt64(60))) == .cutShort(path: path, expectedBytes: 68, foundBytes: 8))
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let whole = safeTensorsBytes(header, buffer: littleEndian([1, 2]))
    #expect(try error(whole.dropLast()) == .cutShort(path: path, expectedBytes: whole.count, foundBytes: whole.count - 1))
  }

  @Test func headersLongerThanTheFormatAllowsAreRefused() throws {
    for length in [100_000_001, UInt64.max] {
      let path = try folder.file("long.safetensors", littleEndian(length))
      let error = #expect(throws: CheckpointError.self) { try SafeTensorsFile(path: path) }
      #expect(error?.description.contains("\(length) bytes long") == true)
    }
  }

  @Test func headersThatAreNotJSONObjectsAreRefused() {
    #expect(problem("").contains("not valid JSON"))
    #expect(problem("{").contains("not valid JSON"))
    #expect(problem("[]").contains("a list where an object was expected"))
    #expect(problem("{}{}").contains("text after the value"))
    let twice = #""a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    #expect(problem("{\(twice),\(twice)}").contains("occurs twice"))
    #expect(problem(#"{"__metadata__":{"step":3}}"#).contains("a number at step where a string was expected"))
    #expect(problem(#"{"__metadata__":"pt"}"#).contains("a string where an object was expected"))
  }

  @Test func entriesMustDescribeTheirBytes() {
    func entry(_ dtype: String, _ shape: String, _ offsets: String) -> String {
      problem(#"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, bufferCount: 8)
    }
    #expect(entry("F33", "[2]", "[0,8]").contains("unknown dtype F33"))
    #expect(entry("F32", "2", "[0,8]").contains("shape of tensor a is not a list"))
    #expect(entry("F32", "[2.0]", "[0,8]").contains("something other than sizes"))
    #expect(entry("F32", "[-2]", "[0,8]").contains("something other than sizes"))
    #expect(entry("F32", "[2]", "[0,4,8]").contains("not two numbers"))
    #expect(entry("F32", "[2]", "[8,0]").contains("ends before it begins"))
    #expect(entry("F32", "[1]", "[0,8]").contains("needs 4 bytes and has 8"))
    #expect(entry("F4", "[15]", "[0,8]").contains("not a whole number of bytes"))
    #expect(entry("F32", "[4611686018427387904,4]", "[0,8]").contains("not a whole number of bytes"))
    #expect(entry("F32", "[18446744073709551615]", "[0,8]").contains("something other than sizes"))
    #expect(problem(#"{"a":{"shape":[],"data_offsets":[0,0]}}"#).contains("has no dtype"))
    #expect(problem(#"{"a":3}"#).contains("has no dtype"))
  }

  @Test func tensorsMustTileTheBuffer() {
    func pair(_ first: String, _ second: String, bufferCount: Int) -> String {
      problem(
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":\#(first)},"b":{"dtype":"U8","shape":[4],"data_offsets":\#(second)}}"#,
        bufferCount: bufferCount)
    }
    #expect(pair("[0,4]", "[3,7]", bufferCount: 7) == "tensor b overlaps the one before it by 1 bytes")
    #expect(pair("[0,4]", "[0,4]", bufferCount: 4) == "tensor b overlaps the one before it by 4 bytes")
    #expect(pair("[0,4]", "[6,10]", bufferCount: 10) == "2 bytes before tensor b belong to no tensor")
    #expect(pair("[1,5]", "[5,9]", bufferCount: 9) == "1 bytes before tensor a belong to no tensor")
    #expect(pair("[0,4]", "[4,8]", bufferCount: 11) == "3 bytes after the last tensor belong to no tensor")
  }

  @Test func readingChecksNameShapeAndType() throws {
    let file = try open(
      #"{"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}"#,
      buffer: littleEndian([1, 2]) + littleEndian(5))
    #expect(throws: CheckpointError.missingTensor(path: file.path, tensor: "y")) { try file.floats("y") }
    #expect(throws: CheckpointError.wrongShape(path: file.path, tensor: "x", expected: [2, 1], found: [1, 2])) {
      try file.floats("x", shape: [2, 1])
    }
    #expect(throws: CheckpointError.wrongShape(path: file.path, tensor: "x", expected: [3], found: [1, 2])) {
      var three: [Float] = [0, 0, 0]
      try file.read("x", into: three.mutableSpan)
    }
    #expect(throws: CheckpointError.unexpectedDtype(path: file.path, tensor: "n", found: .signed64)) { try file.floats("n") }
    #expect(try file.floats("x", shape: [1, 2]) == [1, 2])
  }

  @Test func missingFilesAndFoldersAreFileErrors() throws {
    #expect(throws: FileError.missing(path: folder.path + "/none")) { try SafeTensorsFile(path: folder.path + "/none") }
    #expect(throws: FileError.unreadable(path: folder.path, reason: "it is a folder")) { try SafeTensorsFile(path: folder.path) }
  }

  /// A signal would end the process where the file were mapped.
  @Test func aFileThatShrinksWhileItIsOpenIsAnError() throws {
    let header =
      #"{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"h":{"dtype":"F16","shape":[4],"data_offsets":[16,24]}}"#
    let path = try folder.file("shrinking", safeTensorsBytes(header, buffer: [UInt8](repeating: 0, count: 24)))
    let file = try SafeTensorsFile(path: path)
    let whole = 8 + header.utf8.count + 24
    truncate(path, off_t(whole - 6))
    #expect(try file.floats("x") == [0, 0, 0, 0])
    #expect(throws: CheckpointError.cutShort(path: path, expectedBytes: whole, foundBytes: whole - 6)) { try file.floats("h") }
  }

  /// Nobody writes to it, and opening it as a file would wait for somebody who does.
  @Test func aPipeIsNoFile() throws {
    let path = folder.path + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.unreadable(path: path, reason: "it is not a regular file")) { try SafeTensorsFile(path: path) }
  }

  /// Every file is refused for the reason that the reference implementation gives, or read where it reads it.
  @Test(.enabled(if: SharedData.isPresent)) func verdictsAreThoseOfTheReferenceImplementation() throws {
    let cases = SharedData.path("vectors/safetensors_cases/")
    let expected = try #require(try Files.readJSON(cases + "expected.json").object)
    let files = try FileManager.default.contentsOfDirectory(atPath: cases).filter { $0.hasSuffix(".safetensors") }
    #expect(files.sorted() == expected.keys.sorted() && files.count >= 16)
    for (name, verdict) in expected.members {
      var found: CheckpointError?
      do { _ = try SafeTensorsFile(path: cases + name) } catch let error as CheckpointError { found = error }
      let reason = try #require(verdict["rust_test_expects"]?.string)
      #expect(isVerdict(found, reason), "\(name): \(found.map { "\($0)" } ?? "read") where \(reason) was expected")
    }
  }

  private func isVerdict(_ found: CheckpointError?, _ reason: String) -> Bool {
    var (isCutShort, problem) = (false, "")
    switch found {
    case nil: return reason == "OK"
    case .cutShort: isCutShort = true
    case .badHeader(_, let text): problem = text
    default: return false
    }
    return switch reason {
    case "HeaderTooSmall", "InvalidHeaderLength": isCutShort
    case "HeaderTooLarge": problem.contains("bytes long")
    case "InvalidHeader", "InvalidHeaderDeserialization": problem.contains("not valid JSON")
    case "MetadataIncompleteBuffer": isCutShort || problem.contains("belong to no tensor")
    case "TensorInvalidInfo": problem.contains("needs 16 bytes and has 4")
    case "ValidationOverflow": problem.contains("that can be addressed") || problem.contains("something other than sizes")
    default: false
    }
  }
}
