import CAllocationCounter

/// Counts heap allocations of the threads that are attached to it; tests that run side by side do not see each other's.
public final class AllocationCounter: @unchecked Sendable {
  private let counter = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
  private let smallest: Int

  /// False where the platform's allocator cannot be counted: tests are then to be skipped, not passed.
  public static var isSupported: Bool { allocations_can_be_counted() }

  /// What a test that allows no allocation should count: all of them in an optimised build, `swift test -c release`. Without
  /// optimisation the language itself allocates frames and metadata for generic code, a few dozen bytes each; then only blocks
  /// as large as data are counted.
  public static var smallestOfInterest: Int { _isDebugAssertConfiguration() ? 1024 : 0 }

  /// - Parameter smallest: bytes that an allocation must have to count.
  public init(smallest: Int = AllocationCounter.smallestOfInterest) {
    self.smallest = smallest
    counter.initialize(to: 0)
  }

  deinit { counter.deallocate() }

  /// Allocations of all attached threads so far.
  public var count: Int { Int(allocation_count(counter)) }

  /// The calling thread's allocations count from here on.
  public func attachThread() { count_allocations_of_this_thread(counter, smallest) }

  public func detachThread() { count_allocations_of_this_thread(nil, 0) }
}

/// Heap allocations that `body` makes on the calling thread.
public func countAllocations(_ body: () throws -> Void) rethrows -> Int {
  let counter = AllocationCounter()
  counter.attachThread()
  defer { counter.detachThread() }
  try body()
  return counter.count
}
