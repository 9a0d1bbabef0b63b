import PoiseFiles

/// The tensors of a checkpoint, whether they lie in one file or in the shards of an index: one lookup over all of them.
public struct SafeTensorsCollection: Sendable {
  /// What messages call the checkpoint: the file, or the index.
  public let path: String
  public let tensors: [String: SafeTensor]
  /// In the order of their bytes; of the index where there is one.
  public let names: [String]
  /// Of the single file; of the first shard otherwise.
  public let metadata: [String: String]

  private let files: [SafeTensorsFile]
  /// Index into `files`.
  private let fileOfTensor: [String: Int]

  /// One file.
  /// - Throws: `FileError` or `CheckpointError`, as `SafeTensorsFile`.
  public init(file path: String) throws {
    let file = try SafeTensorsFile(path: path)
    self.path = path
    tensors = file.tensors
    names = file.names
    metadata = file.metadata
    files = [file]
    fileOfTensor = file.tensors.mapValues { _ in 0 }
  }

  /// `model.safetensors` of a folder, or else the shards that its `model.safetensors.index.json` names.
  /// - Throws: `FileError` where the folder has neither, or a shard is missing; `CheckpointError` where a file is damaged.
  public init(folder: String) throws {
    let (single, index) = Self.paths(in: folder)
    guard Files.exists(folder) else { throw FileError.missing(path: folder) }
    if Files.exists(single) {
      try self.init(file: single)
    } else if Files.exists(index) {
      try self.init(index: index, folder: folder)
    } else {
      throw FileError.missing(path: "\(single) or \(index)")
    }
  }

  /// Whether a folder has such files.
  static func exists(in folder: String) -> Bool {
    Files.exists(paths(in: folder).single) || Files.exists(paths(in: folder).index)
  }

  private static func paths(in folder: String) -> (single: String, index: String) {
    ("\(folder)/model.safetensors", "\(folder)/model.safetensors.index.json")
  }

  private init(index path: String, folder: String) throws {
    guard let map = try Files.readJSON(path)["weight_map"]?.object else {
      throw CheckpointError.badIndex(path: path, problem: "it has no object weight_map")
    }
    var files: [SafeTensorsFile] = []
    var indexOfFile: [String: Int] = [:]
    var fileOfTensor: [String: Int] = [:]
    var tensors: [String: SafeTensor] = [:]
    for (tensor, value) in map.members {
      guard let shard = value.string, Self.isFileName(shard) else {
        throw CheckpointError.badIndex(
          path: path, problem: "the shard of tensor \(tensor) is not the name of a file in its folder")
      }
      if indexOfFile[shard] == nil {
        indexOfFile[shard] = files.count
        files.append(try SafeTensorsFile(path: folder + "/" + shard))
      }
      let file = indexOfFile[shard]!
      guard let entry = files[file].tensors[tensor] else {
        throw CheckpointError.missingTensor(path: files[file].path, tensor: tensor)
      }
      fileOfTensor[tensor] = file
      tensors[tensor] = entry
    }
    self.path = path
    self.tensors = tensors
    names = map.keys
    metadata = files.first?.metadata ?? [:]
    self.files = files
    self.fileOfTensor = fileOfTensor
  }

  /// Converts a tensor to floats; see `SafeTensorsFile.read`.
  public func read(
    _ name: String, shape: [Int]? = nil, into destination: consuming MutableSpan<Float>
  ) throws {
    guard let file = fileOfTensor[name] else { throw CheckpointError.missingTensor(path: path, tensor: name) }
    try files[file].read(name, shape: shape, into: destination)
  }

  /// The value of a U64 tensor of one element; see `SafeTensorsFile.counter`.
  public func counter(_ name: String) throws -> Int {
    guard let file = fileOfTensor[name] else { throw CheckpointError.missingTensor(path: path, tensor: name) }
    return try files[file].counter(name)
  }

  /// An index comes from outside: it must not lead out of its folder.
  private static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.unicodeScalars.contains { "/\\\0".unicodeScalars.contains($0) }
  }
}
