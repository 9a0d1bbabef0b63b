#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory in which a thread packs the right factors of its products: as large as the largest so far, kept as long as the thread
/// lives. A step whose products are no larger than those of the step before allocates nothing.
enum PackingScratch {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { memory in
      #if canImport(Darwin)
        let memory: UnsafeMutableRawPointer? = memory
      #endif
      memory?.assumingMemoryBound(to: Buffer.self).pointee.elements.deallocate()
      memory?.deallocate()
    }
    return key
  }()

  private struct Buffer {
    var elements: UnsafeMutableBufferPointer<Float>
  }

  static func ofThisThread(count: Int) -> UnsafeMutableBufferPointer<Float> {
    let buffer: UnsafeMutablePointer<Buffer>
    if let known = pthread_getspecific(key) {
      buffer = known.assumingMemoryBound(to: Buffer.self)
    } else {
      buffer = .allocate(capacity: 1)
      buffer.initialize(to: Buffer(elements: UnsafeMutableBufferPointer(start: nil, count: 0)))
      pthread_setspecific(key, buffer)
    }
    if buffer.pointee.elements.count < count {
      buffer.pointee.elements.deallocate()
      let bytes = count * MemoryLayout<Float>.stride
      let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      buffer.pointee.elements = UnsafeMutableBufferPointer(
        start: memory.bindMemory(to: Float.self, capacity: count), count: count)
    }
    return buffer.pointee.elements
  }
}
