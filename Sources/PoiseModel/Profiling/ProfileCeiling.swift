/// The least time that counted work could take here, with all workers busy.
package struct ProfileCeiling: Sendable {
  /// 10⁹ multiplications and additions a second, that is, one a nanosecond.
  var operations: Double
  /// Exponentials a nanosecond.
  var exponentials: Double
  /// Bytes a nanosecond, of operands that fit a worker's caches and of larger ones.
  var cachedBytes: Double
  var bytes: Double

  package init(operations: Double, exponentials: Double, cachedBytes: Double, bytes: Double) {
    self.operations = operations
    self.exponentials = exponentials
    self.cachedBytes = cachedBytes
    self.bytes = bytes
  }

  /// Operands of one call that together are no larger are taken to be in caches.
  package static let cacheSize = 1 << 18

  /// The slowest of what the calls of one kind must do, if nothing else held them up. Nanoseconds.
  func nanoseconds(calls: Int, bytes: Int, operations: Int, exponentials: Int) -> Double {
    let isCached = bytes <= Self.cacheSize * calls
    return max(
      Double(operations) / self.operations, Double(exponentials) / self.exponentials,
      Double(bytes) / (isCached ? cachedBytes : self.bytes))
  }
}
