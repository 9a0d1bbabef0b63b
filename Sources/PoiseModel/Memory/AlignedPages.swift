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
    guard margin > 0 else { return mapped.bindMemory(to: Float.self, capacity: floats) }
    let skipped = (hugePageSize - Int(bitPattern: mapped) % hugePageSize) % hugePageSize
    let start = mapped + skipped
    if skipped > 0 { munmap(mapped, skipped) }
    if margin > skipped { munmap(start + size, margin - skipped) }
    #if os(Linux)
      madvise(start, size, MADV_HUGEPAGE)
    #endif
    return start.bindMemory(to: Float.self, capacity: floats)
  }

  static func deallocate(_ start: UnsafeMutablePointer<Float>, floats: Int) { munmap(start, byteCount(floats)) }

  private static func byteCount(_ floats: Int) -> Int {
    let bytes = floats * MemoryLayout<Float>.stride
    return (bytes + pageSize - 1) / pageSize * pageSize
  }
}
