import PoiseFiles

/// A checkpoint that is damaged, or is not the checkpoint that was expected.
public enum CheckpointError: ExplainedError, Equatable {
  /// The file ends before what its header promises.
  case cutShort(path: String, expectedBytes: Int, foundBytes: Int)
  case badHeader(path: String, problem: String)
  /// `model.safetensors.index.json` is not a map from tensors to shards.
  case badIndex(path: String, problem: String)
  case missingTensor(path: String, tensor: String)
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// A tensor whose elements cannot become floats without changing their meaning.
  case unexpectedDtype(path: String, tensor: String, found: TensorElementType)
  /// A weight, or a moment of an optimiser, is infinite or not a number.
  case notFinite(path: String, tensor: String)

  public var category: FailureCategory { .badData }

  public var description: String {
    switch self {
    case .cutShort(let path, let expected, let found):
      "\(path) is cut short: it promises \(expected) bytes and has \(found). Copy or download it again; an interrupted "
        + "transfer leaves such a file, and so does a Git LFS pointer that was never fetched."
    case .badHeader(let path, let problem):
      "\(path) is not a valid safetensors file: \(problem). Copy or export it again; pickled checkpoints (.bin, .pt) must be "
        + "converted to safetensors first."
    case .badIndex(let path, let problem):
      "\(path) is not a valid index of a sharded checkpoint: \(problem). Copy or export the folder again."
    case .missingTensor(let path, let tensor):
      "\(path) has no tensor \(tensor). Check that config.json belongs to these weights: the model family and the number of "
        + "layers decide which tensors are read."
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path): tensor \(tensor) has shape \(found) where \(expected) was expected. Check that config.json belongs to these "
        + "weights: its sizes decide the shapes."
    case .unexpectedDtype(let path, let tensor, let found):
      "\(path): tensor \(tensor) holds \(found.rawValue) elements; weights are read from F32, F16, BF16 and F64. Export the "
        + "checkpoint in one of these, without quantisation."
    case .notFinite(let path, let tensor):
      "\(path): tensor \(tensor) holds infinity or what is not a number. The training that wrote it diverged, or the file is damaged; "
        + "use an earlier checkpoint, or copy the file again."
    }
  }
}
