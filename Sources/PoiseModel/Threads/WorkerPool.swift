import Foundation

/// The threads of a run. Work comes as items that do not depend on each other and whose results do not depend on which worker
/// took them; so any number of workers gives the same bits. After the pool is made, nothing is allocated but the few bytes in
/// which Swift boxes a body that other threads are to call.
public final class WorkerPool: Sendable {
  /// How many items run at once, the calling thread included.
  public let workerCount: Int
  private let board: WorkBoard

  /// All the processors this process may use.
  public static var processorCount: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// - Parameter workerCount: at least 1.
  public init(workerCount: Int) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    let board = WorkBoard()
    self.board = board
    LinearAlgebra.useOneThreadPerProduct()
    for worker in 1..<max(workerCount, 1) {
      let thread = Thread {
        _ = PackingScratch.ofThisThread
        board.serve(worker: worker)
      }
      thread.stackSize = 8 << 20
      thread.name = "poise-worker-\(worker)"
      thread.start()
    }
  }

  deinit { board.close() }

  /// Runs `body` once for every item in 0..<count and waits for all. `worker` in 0..<workerCount names the thread, for its
  /// scratch memory; calls with the same worker never overlap.
  public func forEach(_ count: Int, _ body: (_ worker: Int, _ item: Int) -> Void) {
    guard workerCount > 1, count > 1 else {
      for item in 0..<count { body(0, item) }
      return
    }
    withoutActuallyEscaping(body) { board.post(count: count, profile: ProfiledSection(workers: workerCount), $0) }
  }

  /// The results of `body` for every item in 0..<count, in order.
  public func map<Result>(_ count: Int, _ body: (_ worker: Int, _ item: Int) -> Result) -> [Result] {
    let results = UnsafeMutableBufferPointer<Result?>.allocate(capacity: count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    let slots = Slots(results)
    forEach(count) { worker, item in slots.buffer[item] = body(worker, item) }
    return results.map { $0! }
  }

  /// Every item writes its own slot.
  private struct Slots<Result>: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Result?>
    init(_ buffer: UnsafeMutableBufferPointer<Result?>) { self.buffer = buffer }
  }
}

/// What the workers look at: the current body and the items nobody has taken yet. `@unchecked Sendable`: every field is read
/// and written with `condition` locked.
private final class WorkBoard: @unchecked Sendable {
  private let condition = NSCondition()
  private var body: ((_ worker: Int, _ item: Int) -> Void)?
  private var nextItem = 0
  private var itemCount = 0
  private var unfinished = 0
  private var isClosed = false
  /// Where the caller's profile has the items counted.
  private var profile: ProfiledSection?

  func post(count: Int, profile: ProfiledSection?, _ body: @escaping (_ worker: Int, _ item: Int) -> Void) {
    condition.lock()
    (self.body, self.profile, nextItem, itemCount, unfinished) = (body, profile, 0, count, count)
    condition.broadcast()
    takeItems(worker: 0, body)
    let wait = ActivityMark(.waiting, CountedWork(floats: 0))
    while unfinished > 0 { condition.wait() }
    wait.end()
    self.body = nil
    condition.unlock()
  }

  func serve(worker: Int) {
    condition.lock()
    while !isClosed {
      if let body, nextItem < itemCount { takeItems(worker: worker, body) } else { condition.wait() }
    }
    condition.unlock()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  /// Called and left with `condition` locked; unlocked while an item runs.
  private func takeItems(worker: Int, _ body: (_ worker: Int, _ item: Int) -> Void) {
    while nextItem < itemCount {
      let item = nextItem
      nextItem += 1
      let profile = worker > 0 ? profile : nil  // worker 0 is the caller, whose time is counted as it is
      condition.unlock()
      if let profile { profile.charge(to: worker) { body(worker, item) } } else { body(worker, item) }
      condition.lock()
      unfinished -= 1
      if unfinished == 0 { condition.broadcast() }
    }
  }
}
