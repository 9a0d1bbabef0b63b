import Foundation
import PoiseFiles
import PoiseModel
import Testing

@Suite struct SafeTensorsCollectionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func shard(_ file: String, _ tensor: String, _ value: Float) throws {
    let header = #"{"\#(tensor)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    _ = try folder.file(file, safeTensorsBytes(header, buffer: littleEndian([value])))
  }

  private func index(_ map: String) throws {
    _ = try folder.file("model.safetensors.index.json", #"{"metadata":{"total_size":8},"weight_map":\#(map)}"#.utf8)
  }

  @Test func shardsAreOneCheckpoint() throws {
    try shard("one.safetensors", "a", 1)
    try shard("two.safetensors", "b", 2)
    try index(#"{"b":"two.safetensors","a":"one.safetensors"}"#)
    let checkpoint = try SafeTensorsCollection(folder: folder.path)
    #expect(checkpoint.names == ["b", "a"])
    #expect(checkpoint.tensors["a"]?.shape == [1])
    #expect(try checkpoint.floats("a") == [1])
    #expect(try checkpoint.floats("b") == [2])
    #expect(throws: CheckpointError.missingTensor(path: checkpoint.path, tensor: "c")) { try checkpoint.floats("c") }
  }

  @Test func aSingleFileWinsOverAnIndex() throws {
    try shard("model.safetensors", "a", 1)
    try index(#"{"a":"absent.safetensors"}"#)
    #expect(try SafeTensorsCollection(folder: folder.path).names == ["a"])
    #expect(try SafeTensorsCollection(file: folder.path + "/model.safetensors").floats("a") == [1])
  }

  @Test func foldersWithoutWeightsSayWhatWasLookedFor() throws {
    let error = #expect(throws: FileError.self) { try SafeTensorsCollection(folder: folder.path) }
    #expect(error?.description.contains("/model.safetensors or ") == true)
    #expect(error?.description.contains("/model.safetensors.index.json") == true)
    #expect(throws: FileError.missing(path: folder.path + "/none")) {
      try SafeTensorsCollection(folder: folder.path + "/none")
    }
  }

  @Test func everyTensorOfTheIndexIsInItsShard() throws {
    try shard("one.safetensors", "a", 1)
    try index(#"{"a":"one.safetensors","b":"one.safetensors"}"#)
    #expect(throws: CheckpointError.missingTensor(path: folder.path + "/one.safetensors", tensor: "b")) {
      try SafeTensorsCollection(folder: folder.path)
    }
    try index(#"{"a":"two.safetensors"}"#)
    #expect(throws: FileError.missing(path: folder.path + "/two.safetensors")) {
      try SafeTensorsCollection(folder: folder.path)
    }
  }

  @Test(arguments: ["../one.safetensors", "/etc/hosts", "..", ".", "", #"a\\b"#, #"a\u0000b"#])
  func shardsStayInTheirFolder(_ name: String) throws {
    try index(#"{"a":"\#(name)"}"#)
    let error = #expect(throws: CheckpointError.self) { try SafeTensorsCollection(folder: folder.path) }
    #expect(error?.description.contains("is not the name of a file in its folder") == true)
  }

  @Test func indexesWithoutAMapAreRefused() throws {
    try index("[]")
    #expect(throws: CheckpointError.self) { try SafeTensorsCollection(folder: folder.path) }
    try index("")
    #expect(throws: DataError.self) { try SafeTensorsCollection(folder: folder.path) }
  }

  @Test(.enabled(if: SharedData.isPresent)) func shardsHoldTheBitsOfTheSingleFile() throws {
    let whole = try SafeTensorsCollection(folder: SharedData.path("models/stories260K_hf"))
    let sharded = try SafeTensorsCollection(folder: SharedData.path("models/stories260K_hf_sharded"))
    #expect(whole.names.count == 47)
    #expect(Set(whole.names) == Set(sharded.names))
    for name in whole.names {
      #expect(whole.tensors[name]?.shape == sharded.tensors[name]?.shape)
      #expect(try whole.floats(name).map(\.bitPattern) == sharded.floats(name).map(\.bitPattern), "\(name)")
    }
  }

  @Test(.enabled(if: SharedData.isPresent), arguments: [("f16", Float(0x1p-11)), ("bf16", 0x1p-8)])
  func halvesAreWithinTheirRounding(_ precision: String, unit: Float) throws {
    let model = SharedData.path("models/stories260K_hf/model")
    let whole = try SafeTensorsFile(path: model + ".safetensors")
    let half = try SafeTensorsFile(path: model + ".\(precision).safetensors")
    #expect(Set(whole.names) == Set(half.names))
    let finest: Float = precision == "f16" ? 0x1p-25 : 0  // half the spacing of float16's subnormals
    var rounded = 0
    var wrong = 0
    for name in whole.names {
      for (x, y) in zip(try whole.floats(name), try half.floats(name)) where x != y {
        rounded += 1
        if abs(x - y) > max(abs(x) * unit, finest) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(rounded > 100_000)
  }
}
