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

  /// However busy the machine is: arithmetic in registers beats exponentials by an order, and a cache beats the memory behind it.
  @Test func limitsAreOrderedAsMachinesAre() throws {
    let ceilings = Self.ceilings
    #expect(ceilings.multiplyAdds > 4 * ceilings.exponentials)
    let (first, last) = (try #require(ceilings.bandwidths.first), try #require(ceilings.bandwidths.last))
    #expect(first.read > last.read)
  }

  @Test func theLongestOfBytesExponentialsAndOperationsBinds() {
    let ceilings = Self.ceilings
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

  /// Between two measured sizes the time of a byte lies between theirs; beyond the largest it stays.
  @Test func sizesThatWereNotMeasuredLieBetween() {
    let ceilings = Self.ceilings
    func seconds(_ size: Double) -> Double { ceilings.limit(of: Work(read: 1), workingSet: size).seconds }
    for (near, far) in zip(ceilings.bandwidths, ceilings.bandwidths.dropFirst()) {
      let times = [1 / near.read, 1 / far.read]
      let between = seconds((near.size * far.size).squareRoot())
      #expect(abs(between - (times[0] + times[1]) / 2) < 1e-9 * between)
    }
    #expect(seconds(1e12) == 1 / ceilings.bandwidths.last!.read && seconds(1) == 1 / ceilings.bandwidths[0].read)
  }

  @Test func ceilingsAsLinesReachTheirLimits() {
    let lines = Self.ceilings.lines
    #expect(lines.count == 3 + 3 * MachineCeilings.sizes.count)
    #expect(lines.allSatisfy { $0.fractionOfLimit == 1 && $0.maximumUlps == nil && $0.name.hasPrefix("limit.") })
    #expect(lines[0].gigaflops == Self.ceilings.multiplyAdds / 1e9)
  }
}
