/// One named tensor of a layout: row-major floats at an offset of an arena.
public struct Tensor: Sendable, Equatable {
  public let name: String
  public let shape: [Int]
  /// First element, in floats from the start of the arena.
  public let offset: Int
  public let count: Int
  /// Elements of one row: the product of all dimensions but the first.
  public let columns: Int

  public var rows: Int { columns == 0 ? 0 : count / columns }

  init(name: String, shape: [Int], offset: Int) {
    self.name = name
    self.shape = shape
    self.offset = offset
    self.count = shape.reduce(1, *)
    self.columns = shape.dropFirst().reduce(1, *)
  }
}

/// A plan of memory, before there is any: named tensors with shapes and offsets. Parameters, gradients and optimiser moments
/// share one layout, which is also the checkpoint's.
public struct Layout: Sendable {
  public private(set) var tensors: [Tensor] = []
  /// Floats an arena of this layout holds.
  public private(set) var count = 0

  public init() {}

  /// Tensors start at multiples of 16 floats: a cache line, and the widest vector.
  static let alignment = 16

  /// Plans a tensor at the end, on its own cache lines.
  public mutating func add(_ name: String, _ shape: Int...) -> Tensor {
    count = (count + Self.alignment - 1) / Self.alignment * Self.alignment
    return append(name, shape)
  }

  /// Plans a tensor directly behind the one before it, so that the two are one matrix to whoever multiplies by both.
  mutating func addAdjoining(_ name: String, _ shape: Int...) -> Tensor { append(name, shape) }

  private mutating func append(_ name: String, _ shape: [Int]) -> Tensor {
    let tensor = Tensor(name: name, shape: shape, offset: count)
    tensors.append(tensor)
    count += tensor.count
    return tensor
  }

  /// Adjoining tensors of equal row length seen as one.
  static func joining(_ name: String, _ parts: [Tensor]) -> Tensor {
    for (first, second) in zip(parts, parts.dropFirst()) {
      precondition(first.offset + first.count == second.offset && first.columns == second.columns, "\(name): not adjoining")
    }
    let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst()
    return Tensor(name: name, shape: shape, offset: parts[0].offset)
  }
}
