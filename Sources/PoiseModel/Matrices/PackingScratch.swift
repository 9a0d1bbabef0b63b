import PoiseKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory in which a thread packs the right factors of its products, kept as long as the thread lives.
enum PackingScratch {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { memory in
      #if canImport(Darwin)
        let memory: UnsafeMutableRawPointer? = memory
      #endif
      memory?.deallocate()
    }
    return key
  }()

  /// Made at a thread's first use; the threads of a pool use it when they start, so that a step allocates nothing.
  static var ofThisThread: UnsafeMutableBufferPointer<Float> {
    let count = kernels.productScratchElements
    if let known = pthread_getspecific(key) {
      return UnsafeMutableBufferPointer(start: known.assumingMemoryBound(to: Float.self), count: count)
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
    pthread_setspecific(key, memory)
    return UnsafeMutableBufferPointer(start: memory.bindMemory(to: Float.self, capacity: count), count: count)
  }
}
