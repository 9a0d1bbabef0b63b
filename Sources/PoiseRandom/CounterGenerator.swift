/// Random numbers keyed by what they are for, never by who asks first: the same words (seed, step, prompt, …) give the
/// same stream on any thread at any time, so results do not depend on scheduling and a resumed run draws what the
/// undisturbed one would have drawn.
///
/// The generator is SplitMix64 (Steele, Lea & Flood 2014) on a counter; a key is folded word by word through its finaliser.
public struct CounterGenerator: RandomNumberGenerator, Sendable {
  private var counter: UInt64

  /// - Parameter key: what the numbers are for, for example `[seed, step, prompt, response, token]`.
  public init(_ key: UInt64...) {
    var state: UInt64 = 0x243F_6A88_85A3_08D3  // the fraction of π: an all-zero key must not start at zero
    for word in key { state = Self.finalise(state &+ Self.increment ^ Self.finalise(word &+ Self.increment)) }
    counter = state
  }

  public mutating func next() -> UInt64 {
    counter &+= Self.increment
    return Self.finalise(counter)
  }

  /// Uniform on [0, 1), with 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform on 0..<bound, without modulo bias worth naming: the high half of a 128-bit product (Lemire 2019).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func finalise(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension CounterGenerator {
  /// A standard normal number (Box & Muller 1958, the cosine branch).
  public mutating func normal() -> Double {
    let radius = (-2 * logarithm(1 - uniform())).squareRoot()
    return radius * cosine(2 * .pi * uniform())
  }

  /// A copy of `elements` in random order (Fisher & Yates).
  public mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    var shuffled = Array(elements)
    for end in stride(from: shuffled.count - 1, to: 0, by: -1) { shuffled.swapAt(end, below(end + 1)) }
    return shuffled
  }

  /// One element, all equally likely.
  /// - Precondition: `elements` is not empty.
  public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// An index of `probabilities`, each as likely as its entry.
  /// - Precondition: the probabilities add up to 1, but for rounding, and one is positive.
  public mutating func index(_ probabilities: [Double]) -> Int {
    var rest = uniform()
    var last = 0
    for (index, probability) in probabilities.enumerated() where probability > 0 {
      last = index
      rest -= probability
      if rest < 0 { break }
    }
    return last
  }
}
