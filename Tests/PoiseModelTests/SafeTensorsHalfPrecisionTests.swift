import Foundation
import PoiseModel
import Testing

@Suite struct SafeTensorsHalfPrecisionTests {
  /// Sign · fraction · 2^exponent, in Double, which holds every value of both formats.
  private func value(_ bits: UInt16, exponentBits: Int, fractionBits: Int) -> Double {
    let exponentMask = 1 << exponentBits - 1
    let bias = exponentMask / 2
    let sign = bits >> 15 == 1 ? -1.0 : 1.0
    let exponent = Int(bits) >> fractionBits & exponentMask
    let fraction = Double(Int(bits) & (1 << fractionBits - 1)) / Double(1 << fractionBits)
    switch exponent {
    case exponentMask: return fraction == 0 ? sign * .infinity : .nan
    case 0: return sign * fraction * pow(2, Double(1 - bias))
    default: return sign * (1 + fraction) * pow(2, Double(exponent - bias))
    }
  }

  private func expectEqual(_ found: Float, _ expected: Double, _ bits: UInt16) -> Bool {
    if expected.isNaN { return found.isNaN }
    return Double(found) == expected && (found.sign == .minus) == (bits >> 15 == 1)
  }

  @Test func everyFloat16PatternIsWidenedExactly() {
    let wrong = (UInt16.min...UInt16.max).filter {
      !expectEqual(Float(float16: $0), value($0, exponentBits: 5, fractionBits: 10), $0)
    }
    #expect(wrong == [])
  }

  @Test func everyBFloat16PatternIsWidenedExactly() {
    let wrong = (UInt16.min...UInt16.max).filter {
      !expectEqual(Float(bfloat16: $0), value($0, exponentBits: 8, fractionBits: 7), $0)
    }
    #expect(wrong == [])
  }

  @Test func landmarksOfFloat16() {
    #expect(Float(float16: 0x3C00) == 1)
    #expect(Float(float16: 0xC000) == -2)
    #expect(Float(float16: 0x7BFF) == 65_504)
    #expect(Float(float16: 0x0001) == 0x1p-24)
    #expect(Float(float16: 0x03FF) == 0x3FFp-24)
    #expect(Float(float16: 0xFC00) == -.infinity)
    #expect(Float(float16: 0x7E01).bitPattern == 0x7FC0_2000, "a NaN keeps its payload")
  }
}
