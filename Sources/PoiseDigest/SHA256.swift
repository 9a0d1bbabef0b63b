/// The digest of FIPS 180-4: of checkpoints and data, so that a change is seen, and `sha256sum` can tell the same.
public struct SHA256 {
  private var state: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  /// Bytes so far.
  private var count = 0
  /// Of the latest bytes those that are no whole block yet.
  private var rest: [UInt8] = []

  private static let blockSize = 64

  public init() {}

  /// In hexadecimal.
  public static func digest(of message: [UInt8]) -> String {
    var digest = SHA256()
    message.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    var bytes = bytes[...]
    if !rest.isEmpty {
      let taken = bytes.prefix(Self.blockSize - rest.count)
      rest += taken
      bytes = bytes.dropFirst(taken.count)
      guard rest.count == Self.blockSize else { return }
      let block = rest
      block.withUnsafeBytes { mix($0) }
      rest = []
    }
    let whole = bytes.count / Self.blockSize * Self.blockSize
    mix(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)))
    rest += bytes.dropFirst(whole)
  }

  /// In hexadecimal.
  public consuming func finish() -> String {
    let bits = count * 8
    var end = rest + [0x80]
    end += [UInt8](repeating: 0, count: (Self.blockSize + 56 - end.count % Self.blockSize) % Self.blockSize)
    end += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
    end.withUnsafeBytes { mix($0) }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Whole blocks.
  private mutating func mix(_ blocks: UnsafeRawBufferPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for block in stride(from: 0, to: blocks.count, by: Self.blockSize) {
        for index in 0..<16 {
          words[index] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: block + 4 * index, as: UInt32.self))
        }
        Self.mix(words, into: &state)
      }
    }
  }

  private static func mix(_ words: UnsafeMutableBufferPointer<UInt32>, into state: inout [UInt32]) {
    for index in 16..<64 {
      let (early, late) = (words[index - 15], words[index - 2])
      let first = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
      let second = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
      words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    let constants = constants
    for index in 0..<64 {
      let choice = e & f ^ ~e & g
      let majority = a & b ^ a & c ^ b & c
      let first = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ constants[index] &+ words[index]
      let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
      (a, b, c, d, e, f, g, h) = (first &+ second, a, b, c, d &+ first, e, f, g)
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
  }

  private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

  /// The fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { UInt32(truncatingIfNeeded: cubeRoot(of: $0)) }
  }()

  /// The cube root of `number` times 2³², rounded down; `number` is below 2⁹.
  private static func cubeRoot(of number: UInt64) -> UInt64 {
    var root: UInt64 = 0
    for bit in (0..<36).reversed() {
      let candidate = root | 1 << UInt64(bit)
      let square = candidate.multipliedFullWidth(by: candidate)
      // candidate³ ≤ number·2⁹⁶, with the cube in 64-bit words: square·candidate.
      let low = square.low.multipliedFullWidth(by: candidate)
      let (middle, carry) = low.high.addingReportingOverflow(square.high &* candidate)
      if !carry, middle < number << 32 || (middle == number << 32 && low.low == 0) { root = candidate }
    }
    return root
  }
}
