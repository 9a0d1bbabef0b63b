import Foundation
import PoiseFiles
import PoiseModel
import Testing

@Suite struct SafeTensorsWriterTests {
  let folder: TemporaryFolder
  let path: String
  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/model.safetensors"
  }

  @Test func whatIsWrittenIsRead() throws {
    let weight: [Float] = [1, -0.0, .pi, .infinity, .leastNonzeroMagnitude, 6]
    try SafeTensorsWriter.write(
      [
        .init("weight", shape: [3, 2]) { sink in
          for row in 0..<3 { try sink.write(weight.span.extracting(row * 2..<row * 2 + 2)) }
        },
        .init("scalar", shape: []) { try $0.write(array: [Float(0.1)]) },
        .init("empty", shape: [0, 4]) { _ in },
        .init("step", counters: [.max, 3]),
      ], to: path, metadata: ["format": "pt", "a": "\"quoted\""])
    let file = try SafeTensorsFile(path: path)
    #expect(file.names == ["step", "empty", "scalar", "weight"], "wide elements first, then by name")
    #expect(file.metadata == ["format": "pt", "a": "\"quoted\""])
    #expect(try file.floats("weight", shape: [3, 2]).map(\.bitPattern) == weight.map(\.bitPattern))
    #expect(try file.floats("scalar", shape: []) == [0.1])
    #expect(try file.floats("empty", shape: [0, 4]) == [])
    #expect(file.tensors["step"]?.type == .unsigned64)
  }

  @Test func theFileIsLaidOutToTheByte() throws {
    try SafeTensorsWriter.write(
      [
        .init("x", shape: [2]) { try $0.write(array: [Float(1), -2]) },
        .init("n", counters: [258]),
      ], to: path)
    let header =
      #"{"__metadata__": {"format": "pt"}, "n": {"dtype": "U64", "shape": [1], "data_offsets": [0, 8]}, "#
      + #""x": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(try Array(Files.read(path)) == safeTensorsBytes(padded, buffer: littleEndian(UInt64(258)) + littleEndian([1, -2])))
    #expect(padded.utf8.count % 8 == 0)
  }

  @Test func aCheckpointOfNothingIsLegal() throws {
    try SafeTensorsWriter.write([], to: path, metadata: [:])
    let file = try SafeTensorsFile(path: path)
    #expect(file.names == [])
    #expect(file.metadata == [:])
  }

  @Test func aFailureLeavesTheOldFile() throws {
    struct Interruption: Error {}
    try SafeTensorsWriter.write([.init("x", shape: [1]) { try $0.write(array: [Float(1)]) }], to: path)
    #expect(throws: FileError.self) {
      try SafeTensorsWriter.write(
        [
          .init("x", shape: [2]) { sink in
            try sink.write(array: [Float(5)])
            throw Interruption()
          }
        ], to: path)
    }
    #expect(try SafeTensorsFile(path: path).floats("x") == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
  }

  @Test func foldersThatDoNotExistCannotBeWrittenTo() {
    let path = folder.path + "/none/model.safetensors"
    let error = #expect(throws: FileError.self) { try SafeTensorsWriter.write([], to: path) }
    #expect(error?.category == .cannotCreate)
  }

  @Test(.enabled(if: SharedData.isPresent)) func aRealCheckpointSurvivesTheRoundTrip() throws {
    let original = try SafeTensorsFile(path: SharedData.path("models/stories260K_hf/model.safetensors"))
    let tensors = original.names.map { name in
      SafeTensorsWriter.Tensor(name, shape: original.tensors[name]!.shape) { try $0.write(array: original.floats(name)) }
    }
    try SafeTensorsWriter.write(tensors.reversed(), to: path, metadata: original.metadata)
    let copy = try SafeTensorsFile(path: path)
    #expect(copy.names == original.names, "both writers sort alike")
    #expect(copy.metadata == original.metadata)
    for name in original.names {
      #expect(copy.tensors[name] == original.tensors[name])
      #expect(try copy.floats(name).map(\.bitPattern) == original.floats(name).map(\.bitPattern))
    }
  }
}
