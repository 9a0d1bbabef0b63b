import PoiseFiles
import PoiseModel

/// A safetensors file: the header costs as much as its JSON, and is in the file; sizes are multiplied with a look at overflow; of the
/// tensors nothing is read or allocated before all of them lie within the file.
enum SafeTensorsTarget: FuzzTarget {
  static let name = "safetensors"
  static let dictionary =
    ["\"dtype\":", "\"shape\":", "\"data_offsets\":", "__metadata__", "9223372036854775807", "4611686018427387904"]
    + TensorElementType.allCases.map { "\"\($0.rawValue)\"" }

  static let seeds: [[UInt8]] = [
    file(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}"#, 8),
    file(#"{"h":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[],"data_offsets":[4,6]}}"#, 6),
    file(#"{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"i":{"dtype":"I64","shape":[0,7],"data_offsets":[8,8]}}"#, 8),
    file(#"{"x":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0), file("{}", 0),
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
  ]

  static func file(_ header: String, _ count: Int) -> [UInt8] {
    [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: 7) + Array(header.utf8) + (0..<count).map { UInt8($0) }
  }

  static func run(_ input: [UInt8]) throws { try read(try SafeTensorsCollection(file: Scratch.file("x.safetensors", input))) }

  static func read(_ weights: SafeTensorsCollection) throws {
    for name in weights.names {
      var values = [Float](repeating: 0, count: min(weights.tensors[name]!.count, 1 << 20))
      try weights.read(name, into: values.mutableSpan)
    }
  }
}

/// `model.safetensors.index.json` beside two shards: a name leads to a file of the folder and nowhere else, and every tensor must be
/// where the index says.
enum WeightsIndexTarget: FuzzTarget {
  static let name = "weights-index"
  static let dictionary = [
    "\"weight_map\":", "\"x\":", "\"h\":", "\"1.safetensors\"", "\"2.safetensors\"", "\"../\"", "/", "\\u0000",
  ]

  static let seeds = [
    #"{"metadata":{"total_size":12},"weight_map":{"x":"1.safetensors","h":"2.safetensors"}}"#, #"{"weight_map":{"x":"../x"}}"#,
    #"{"weight_map":{"x":"1.safetensors/"}}"#, #"{"weight_map":{}}"#, #"{"weight_map":{"h":"."}}"#,
  ].map { Array($0.utf8) }

  private static let shards = (0..<2).map { Scratch.file("sharded/\($0 + 1).safetensors", SafeTensorsTarget.seeds[$0]) }

  static func run(_ input: [UInt8]) throws {
    precondition(shards.count == 2)
    _ = Scratch.file("sharded/model.safetensors.index.json", input)
    try SafeTensorsTarget.read(try SafeTensorsCollection(folder: Scratch.folder + "/sharded"))
  }
}
