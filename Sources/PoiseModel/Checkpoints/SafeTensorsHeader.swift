import PoiseFiles

/// The element types of safetensors, by the names that stand in the file, in the order in which the format ranks them.
public enum TensorElementType: String, CaseIterable, Sendable {
  case bool = "BOOL"
  case float4 = "F4"
  case float6e2m3 = "F6_E2M3"
  case float6e3m2 = "F6_E3M2"
  case unsigned8 = "U8"
  case signed8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case float8e8m0 = "F8_E8M0"
  case float8e4m3fnuz = "F8_E4M3FNUZ"
  case float8e5m2fnuz = "F8_E5M2FNUZ"
  case signed16 = "I16"
  case unsigned16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case signed32 = "I32"
  case unsigned32 = "U32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case signed64 = "I64"
  case unsigned64 = "U64"

  /// Bits of one element.
  var width: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .bool, .unsigned8, .signed8, .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz: 8
    case .signed16, .unsigned16, .float16, .bfloat16: 16
    case .signed32, .unsigned32, .float32: 32
    case .complex64, .float64, .signed64, .unsigned64: 64
    }
  }
}

/// What a safetensors header says of one tensor: row-major, little-endian elements.
public struct SafeTensor: Sendable, Equatable {
  public let name: String
  public let type: TensorElementType
  /// Empty for a scalar; dimensions may be zero.
  public let shape: [Int]
  /// Bytes of the buffer that follows the header.
  public let range: Range<Int>

  /// Elements.
  public var count: Int { shape.reduce(1, *) }
}

/// The JSON at the start of a safetensors file, validated: every tensor's bytes have the size that its shape says, and
/// together they tile the buffer, without holes or overlaps.
struct SafeTensorsHeader {
  /// In the order of their bytes.
  let tensors: [SafeTensor]
  let metadata: [String: String]

  /// The longest header that the format allows, in bytes.
  static let longest = 100_000_000

  /// Bytes of the buffer that the tensors cover.
  var bufferCount: Int { tensors.last?.range.upperBound ?? 0 }

  /// - Throws: a sentence without its full stop, for `CheckpointError.badHeader`.
  init(parsing bytes: UnsafeBufferPointer<UInt8>) throws(Problem) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw Problem("the header is not valid JSON (line \(error.line), column \(error.column): \(error.problem))")
    }
    guard let object = json.object else { throw Problem("the header is \(json.kind) where an object was expected") }
    var tensors: [SafeTensor] = []
    var metadata: [String: String] = [:]
    for (name, value) in object.members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
      } else {
        tensors.append(try Self.tensor(name, value))
      }
    }
    tensors.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try Self.checkTiling(tensors)
    self.tensors = tensors
    self.metadata = metadata
  }

  struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }
}

extension SafeTensorsHeader {
  private static func metadata(_ value: JSON) throws(Problem) -> [String: String] {
    guard let object = value.object else { throw Problem("__metadata__ is \(value.kind) where an object was expected") }
    var metadata: [String: String] = [:]
    for (key, value) in object.members {
      guard let string = value.string else {
        throw Problem("__metadata__ has \(value.kind) at \(key) where a string was expected")
      }
      metadata[key] = string
    }
    return metadata
  }

  private static func tensor(_ name: String, _ value: JSON) throws(Problem) -> SafeTensor {
    guard let typeName = value["dtype"]?.string else { throw Problem("tensor \(name) has no dtype") }
    guard let type = TensorElementType(rawValue: typeName) else {
      throw Problem("tensor \(name) has the unknown dtype \(typeName)")
    }
    let shape = try sizes(value["shape"], "the shape of tensor \(name)")
    let offsets = try sizes(value["data_offsets"], "the data_offsets of tensor \(name)")
    guard offsets.count == 2 else { throw Problem("the data_offsets of tensor \(name) are not two numbers") }
    guard offsets[0] <= offsets[1] else { throw Problem("tensor \(name) ends before it begins") }
    guard let byteCount = byteCount(of: shape, type) else {
      throw Problem("tensor \(name) of shape \(shape) and dtype \(typeName) is not a whole number of bytes that can be addressed")
    }
    let found = offsets[1] - offsets[0]
    guard byteCount == found else {
      throw Problem("tensor \(name) of shape \(shape) and dtype \(typeName) needs \(byteCount) bytes and has \(found)")
    }
    return SafeTensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func sizes(_ value: JSON?, _ what: String) throws(Problem) -> [Int] {
    guard let elements = value?.array else { throw Problem("\(what) is not a list") }
    var sizes: [Int] = []
    for element in elements {
      // Digits only: JSON's 2.0, 2e0 and -0 are not sizes.
      guard case .number(let number) = element, number.text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let size = Int(number.text)
      else { throw Problem("\(what) holds something other than sizes") }
      sizes.append(size)
    }
    return sizes
  }

  /// Nil where the size overflows, or elements narrower than a byte leave one incomplete.
  private static func byteCount(of shape: [Int], _ type: TensorElementType) -> Int? {
    var bits = type.width
    for size in shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      bits = product
    }
    return bits.isMultiple(of: 8) ? bits / 8 : nil
  }

  private static func checkTiling(_ tensors: [SafeTensor]) throws(Problem) {
    var end = 0
    for tensor in tensors {
      let start = tensor.range.lowerBound
      guard start >= end else { throw Problem("tensor \(tensor.name) overlaps the one before it by \(end - start) bytes") }
      guard start == end else { throw Problem("\(start - end) bytes before tensor \(tensor.name) belong to no tensor") }
      end = tensor.range.upperBound
    }
  }
}
