import PoiseBench
import PoiseKernelCases
import PoiseKernels
import PoiseModel
import Testing

@Suite struct MachineCeilingsTests {
  static let ceilings = MachineCeilings.measured(.chosen, pool: WorkerPool(workerCount: 1))

  @Test func everyLimitIsPositive() {
    let ceilings = Self.ceilings
    #expect(ceilings.bandwidths.map(\.size) == MachineCeilings.sizes.map(Double.init))
    for speed in [ceilings.multiplyAdds, ceilings.products, ceilings.exponentials] { #expect(speed > 0 && speed.isFinite) }
    for bandwidth in ceilings.bandwidths {
      for speed in [bandwidth.read, bandwidth.copied, bandwidth.updated] { #expect(speed > 0 && speed.isFinite) }
    }
  }

  /// However busy the machine is, arithmetic in registers beats exponentials by an order. Of caches and memory nothing is said: a
  /// neighbour who comes and goes while they are measured turns them round.
  @Test func multiplyAddsAreMoreThanExponentials() {
    #expect(Self.ceilings.multiplyAdds > 4 * Self.ceilings.exponentials)
  }

  @Test func theLongestOfBytesExponentialsAndOperationsBinds() {
    let ceilings = Self.made
    let bandwidth = ceilings.bandwidths[0]
    func limit(_ work: Work, multiplies: Bool = false) -> (seconds: Double, bound: MachineCeilings.Bound) {
      ceilings.limit(of: work, workingSet: bandwidth.size, multiplies: multiplies)
    }
    #expect(limit(Work(operations: ceilings.multiplyAdds)) == (1, .multiplyAdd))
    #expect(limit(Work(operations: ceilings.products), multiplies: true) == (1, .product))
    #expect(limit(Work(read: 1, exponentials: 2 * ceilings.exponentials)) == (2, .exponential))
    #expect(limit(Work(read: bandwidth.read, exponentials: 0.5 * ceilings.exponentials)) == (1, .memory))
    let copy = limit(Work(read: bandwidth.copied / 2, written: bandwidth.copied / 2))
    #expect(abs(copy.seconds - 1) < 1e-12)
    let update = limit(
      Work(read: bandwidth.updated / 2, written: bandwidth.updated / 2, updated: bandwidth.updated / 2))
    #expect(abs(update.seconds - 1) < 1e-12)
  }

  /// Half-way on the logarithm is half-way in time; beyond both ends it stays. The dip at the second size is filled.
  @Test func sizesThatWereNotMeasuredLieBetween() {
    func seconds(_ size: Double) -> Double { Self.made.limit(of: Work(read: 1), workingSet: size).seconds }
    #expect(seconds(1) == 1 / 8 && seconds(100) == 1 / 8)
    #expect(seconds(10_000) == 1 / 4 && seconds(1_000_000) == 1 / 4)
    #expect(abs(seconds(1_000) - 0.5 * (1 / 8 + 1 / 4)) < 1e-12)
    #expect(seconds(1e8) == 1 && seconds(1e12) == 1)
  }

  /// Of a machine that does not exist.
  static let made = MachineCeilings(
    instructionSet: .chosen, threads: 1, multiplyAdds: 64, products: 32, exponentials: 8,
    bandwidths: [(100.0, 8.0), (1e4, 2), (1e6, 4), (1e8, 1)].map {
      .init(size: $0.0, read: $0.1, copied: 2 * $0.1, updated: 3 * $0.1)
    })

  @Test func ceilingsAsLinesReachTheirLimits() {
    let lines = Self.ceilings.lines
    #expect(lines.count == 3 + 3 * MachineCeilings.sizes.count)
    #expect(lines.allSatisfy { $0.fractionOfLimit == 1 && $0.maximumUlps == nil && $0.name.hasPrefix("limit.") })
    #expect(lines[0].gigaflops == Self.ceilings.multiplyAdds / 1e9)
  }
}
