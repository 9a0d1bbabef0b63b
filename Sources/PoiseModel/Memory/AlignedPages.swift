#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zeros from the system, by the page: nothing is written before it is used, and memory that is not used is not there. Large blocks
/// ask for huge pages, which spare a training step many thousand page faults and misses of the address cache.
enum AlignedPages {
  private static let pageSize = 4_096
  private static let hugePageSize = 2 << 20

  static func allocate(floats: Int) -> UnsafeMutablePointer<Float> {
    let size = byteCount(floats)
    // A huge page begins at a multiple of its size; what is mapped too much before and behind it goes back.
    let margin = size >= hugePageSize ? hugePageSize : 0
    guard
      let mapped = mmap(nil, size + margin, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), mapped != MAP_FAILED
    else { fatalError("out of memory: \(size) bytes") }
    let skipped = margin > 0 ? (hugePageSize - Int(bitPattern: mapped) % hugePageSize) % hugePageSize : 0
    let start = mapped + skipped
    if skipped > 0 { munmap(mapped, skipped) }
    if margin > skipped { munmap(start + size, margin - skipped) }
    #if os(Linux)
      if margin > 0 { madvise(start, size, MADV_HUGEPAGE) }
    #endif
    return (start + skew(of: start)).bindMemory(to: Float.self, capacity: floats)
  }

  static func deallocate(_ start: UnsafeMutablePointer<Float>, floats: Int) {
    let pages = Int(bitPattern: start) / pageSize * pageSize
    munmap(UnsafeMutableRawPointer(bitPattern: pages)!, byteCount(floats))
  }

  /// Blocks that all begin with a page are read and written at the same place of a page at the same time, and a processor that
  /// compares the last twelve bits of addresses takes a load for one of what was just stored. Each begins some lines later.
  private static func skew(of start: UnsafeMutableRawPointer) -> Int {
    let block = Int(bitPattern: start) / pageSize
    return (block / 512 &+ block) % 61 * 64
  }

  /// Whole pages, with one for the skew.
  private static func byteCount(_ floats: Int) -> Int {
    let bytes = floats * MemoryLayout<Float>.stride + pageSize
    return (bytes + pageSize - 1) / pageSize * pageSize
  }
}
