/// What a processor is busy with inside a layer: a kernel, a matrix product, moving memory, or what lies between them.
package struct Activity: Sendable, Hashable {
  let index: Int

  /// Ordinary Swift between kernels.
  package static let between = Activity(index: 0)
  /// A thread that waits for the others to finish their shards.
  package static let waiting = Activity(index: 1)
  static let copy = Activity(index: 2)
  static let clear = Activity(index: 3)

  /// A function of the kernel table, overloads together.
  init(_ kernel: KernelName) { index = 4 + Int(kernel.rawValue) }

  /// A product (m, k)·(k, n), by which operands are transposed and by its smallest side: what decides how fast BLAS is.
  init(product m: Int, _ k: Int, _ n: Int, transposing a: Bool, _ b: Bool) {
    let smallest = min(m, k, n)
    let size = smallest == 1 ? 0 : smallest < 16 ? 1 : smallest < 64 ? 2 : 3
    index = Self.firstProduct + 4 * ((a ? 2 : 0) + (b ? 1 : 0)) + size
  }

  private init(index: Int) { self.index = index }

  private static let firstProduct = 4 + KernelName.allCases.count
  static let count = firstProduct + 16
  static var all: [Activity] { (0..<count).map { Activity(index: $0) } }

  package var isProduct: Bool { index >= Self.firstProduct }

  package var name: String {
    switch index {
    case 0: return "between kernels"
    case 1: return "waiting"
    case 2: return "copy"
    case 3: return "clear"
    case Self.firstProduct...:
      let product = index - Self.firstProduct
      let form = ["A·B", "A·Bᵀ", "Aᵀ·B", "Aᵀ·Bᵀ"][product / 4]
      return "\(form), smallest side \(["1", "2–15", "16–63", "64 or more"][product % 4])"
    default: return "\(KernelName.allCases[index - 4])"
    }
  }
}

/// What a call does, in numbers that do not depend on the machine.
struct CountedWork: Sendable, Equatable {
  /// Read and written, each operand once.
  var bytes = 0
  /// Multiplications, additions, divisions, roots; not those inside exponentials.
  var operations = 0
  var exponentials = 0

  /// - Parameter floats: read and written.
  init(floats: Int, operations: Int = 0, exponentials: Int = 0) {
    bytes = floats * MemoryLayout<Float>.stride
    self.operations = operations
    self.exponentials = exponentials
  }

  /// Whether it takes hardly longer than reading a clock: a microsecond or less.
  var isShort: Bool { operations < 1 << 15 && bytes < 1 << 14 }
}
