/// Byte strings with a number each, to find those that begin at a place of a text: a step a byte, however many there are.
///
/// Nodes are numbered in breadth-first order of the sorted strings, so that the children of a node are neighbours and the
/// child at the end of edge `e` is the node `e + 1`.
struct ByteTrie: Sendable {
  static let root: Int32 = 0

  /// The edges of a node are `firstEdge[node]..<firstEdge[node + 1]`, in the order of their labels.
  private var firstEdge: [Int32] = [0]
  private var labels: [UInt8] = []
  /// Of the string that ends at a node; -1 where none does.
  private var values: [Int32] = []
  /// The first step goes through a table: every place of a text takes it, and most take no other.
  private var rootChildren = [Int32](repeating: -1, count: 256)

  /// - Parameter entries: strings and their numbers from 0. Empty strings are left out; of equal strings the last counts.
  init(_ entries: [(key: ByteText, value: Int)]) {
    let sorted = entries.enumerated().filter { !$1.key.isEmpty }.sorted { a, b in
      a.element.key == b.element.key ? a.offset < b.offset : a.element.key.lexicographicallyPrecedes(b.element.key)
    }.map(\.element)
    /// What each node holds: strings that agree in their first `depth` bytes.
    var pending = [(range: sorted.indices, depth: 0)]
    var node = 0
    while node < pending.count {
      let depth = pending[node].depth
      var range = pending[node].range
      var value: Int32 = -1
      while let first = range.first, sorted[first].key.count == depth {
        value = Int32(sorted[first].value)
        range = range.dropFirst()
      }
      values.append(value)
      while let first = range.first {
        let label = sorted[first].key[depth]
        let end = range.first { sorted[$0].key[depth] != label } ?? range.upperBound
        labels.append(label)
        pending.append((first..<end, depth + 1))
        range = end..<range.upperBound
      }
      firstEdge.append(Int32(labels.count))
      node += 1
    }
    for edge in 0..<Int(firstEdge[1]) { rootChildren[Int(labels[edge])] = Int32(edge + 1) }
  }

  var isEmpty: Bool { labels.isEmpty }

  /// The node that a byte leads to; nil where no string goes on so.
  func child(of node: Int32, _ label: UInt8) -> Int32? {
    if node == ByteTrie.root {
      let child = rootChildren[Int(label)]
      return child < 0 ? nil : child
    }
    var (low, high) = (firstEdge[Int(node)], firstEdge[Int(node) + 1])
    while low < high {
      let middle = (low + high) / 2
      if labels[Int(middle)] == label { return middle + 1 }
      if labels[Int(middle)] < label { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The number of the string that ends at a node.
  func value(at node: Int32) -> Int? {
    let value = values[Int(node)]
    return value < 0 ? nil : Int(value)
  }

  /// The number of a whole string.
  func value(of key: some Sequence<UInt8>) -> Int? {
    var node = ByteTrie.root
    for byte in key {
      guard let child = child(of: node, byte) else { return nil }
      node = child
    }
    return value(at: node)
  }
}
