import PoiseKernels

/// One aligned allocation, cut by a layout; zero at first. Lends spans by borrow, several at once, because a layer reads some
/// tensors while it writes others; the layout keeps them disjoint, and in debug builds a kernel that is lent the same memory twice, once
/// of it to write, traps.
///
/// `@unchecked Sendable`: threads share arenas, and the owner sees to it that no two write the same tensor.
public final class Arena: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  /// Floats.
  public let count: Int
  private let memoryEntry: MemoryEntry?

  public init(count: Int) {
    base = AlignedPages.allocate(floats: max(count, 1))
    self.count = count
    memoryEntry = MemoryEntry(byteCount: count * MemoryLayout<Float>.stride)
  }

  public convenience init(_ layout: Layout) { self.init(count: layout.count) }

  deinit {
    AlignedPages.deallocate(base, floats: max(count, 1))
    memoryEntry?.remove()
  }

  /// Everything.
  public var all: Span<Float> {
    @_lifetime(borrow self) get { lend(offset: 0, count: count) }
  }

  /// Everything, to be written.
  public var writing: MutableSpan<Float> {
    @_lifetime(borrow self) get { lendMutable(offset: 0, count: count) }
  }

  public subscript(tensor: Tensor) -> Span<Float> {
    @_lifetime(borrow self) get { lend(offset: tensor.offset, count: tensor.count) }
  }

  public subscript(tensor: Tensor, rows rows: Range<Int>) -> Span<Float> {
    @_lifetime(borrow self) get {
      precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows, "rows \(rows) of \(tensor.name)")
      return lend(offset: tensor.offset + rows.lowerBound * tensor.columns, count: rows.count * tensor.columns)
    }
  }

  public subscript(writing tensor: Tensor) -> MutableSpan<Float> {
    @_lifetime(borrow self) get { lendMutable(offset: tensor.offset, count: tensor.count) }
  }

  public subscript(writing tensor: Tensor, rows rows: Range<Int>) -> MutableSpan<Float> {
    @_lifetime(borrow self) get {
      precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows, "rows \(rows) of \(tensor.name)")
      return lendMutable(offset: tensor.offset + rows.lowerBound * tensor.columns, count: rows.count * tensor.columns)
    }
  }

  /// One of the equal parts into which a tensor is cut; of nothing, nothing.
  subscript(tensor: Tensor, part index: Int, of parts: Int) -> Span<Float> {
    @_lifetime(borrow self) get {
      precondition((0..<parts).contains(index) && tensor.count.isMultiple(of: parts), "part \(index) of \(tensor.name)")
      return lend(offset: tensor.offset + index * (tensor.count / parts), count: tensor.count / parts)
    }
  }

  subscript(writing tensor: Tensor, part index: Int, of parts: Int) -> MutableSpan<Float> {
    @_lifetime(borrow self) get {
      precondition((0..<parts).contains(index) && tensor.count.isMultiple(of: parts), "part \(index) of \(tensor.name)")
      return lendMutable(offset: tensor.offset + index * (tensor.count / parts), count: tensor.count / parts)
    }
  }

  /// Elements `range` of the whole arena: what bands of threads and checkpoints walk over.
  public subscript(elements range: Range<Int>) -> Span<Float> {
    @_lifetime(borrow self) get { lend(offset: range.lowerBound, count: range.count) }
  }

  public subscript(writingElements range: Range<Int>) -> MutableSpan<Float> {
    @_lifetime(borrow self) get { lendMutable(offset: range.lowerBound, count: range.count) }
  }

  /// The first tensor of a layout that holds infinity or what is not a number.
  ///
  /// A sum of squares in double precision is finite where all its floats are: the largest square is 1.2e77.
  public func firstNotFinite(of layout: Layout) -> Tensor? {
    layout.tensors.first { !kernels.sumOfSquares(self[$0]).isFinite }
  }

  /// Overwrites everything with `other`.
  public func copy(from other: Arena) {
    precondition(count == other.count)
    base.update(from: other.base, count: count)
  }

  /// Sets rows of a tensor to zero: where gradients accumulate.
  func clear(_ tensor: Tensor, rows: Range<Int>) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows)
    let call = ActivityMark(.clear, CountedWork(floats: rows.count * tensor.columns))
    defer { call.end() }
    (base + tensor.offset + rows.lowerBound * tensor.columns).update(repeating: 0, count: rows.count * tensor.columns)
  }

  /// Sets everything to zero.
  public func clear() {
    let call = ActivityMark(.clear, CountedWork(floats: count))
    defer { call.end() }
    base.update(repeating: 0, count: count)
  }

  /// Rows of one tensor over those of another of the same row length.
  func copy(_ source: Tensor, to destination: Tensor, rows: Range<Int>) {
    precondition(source.columns == destination.columns && rows.upperBound <= min(source.rows, destination.rows))
    let call = ActivityMark(.copy, CountedWork(floats: 2 * rows.count * source.columns))
    defer { call.end() }
    (base + destination.offset + rows.lowerBound * destination.columns)
      .update(from: base + source.offset + rows.lowerBound * source.columns, count: rows.count * source.columns)
  }

  /// Overwrites a tensor with one of another arena that has as many elements.
  func copy(_ source: Tensor, of other: Arena, to destination: Tensor) {
    precondition(source.count == destination.count)
    (base + destination.offset).update(from: other.base + source.offset, count: source.count)
  }

  @_lifetime(borrow self)
  private func lend(offset: Int, count: Int) -> Span<Float> {
    precondition(offset >= 0 && count >= 0 && offset + count <= self.count)
    return _overrideLifetime(Span(_unsafeStart: UnsafePointer(base + offset), count: count), borrowing: self)
  }

  @_lifetime(borrow self)
  private func lendMutable(offset: Int, count: Int) -> MutableSpan<Float> {
    precondition(offset >= 0 && count >= 0 && offset + count <= self.count)
    return _overrideLifetime(MutableSpan(_unsafeStart: base + offset, count: count), borrowing: self)
  }
}
