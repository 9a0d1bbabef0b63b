// The two halves of a Float that checkpoints come in, by bit operations: `Float16` does not exist on every platform that
// Poise builds on. Widening is exact for all 65,536 patterns, subnormals and signed zeros included; a NaN keeps its payload.

extension Float {
  /// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. Without branches, so that loops over it vectorise.
  package init(float16 bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF) << 13
    // Read as a Float, the shifted bits are the value times 2^(15 - 127), whether it is normal or not.
    let value = Float(bitPattern: magnitude) * 0x1p112
    let infiniteExponent: UInt32 = magnitude >= 0x7C00 << 13 ? 0x7F80_0000 : 0
    self.init(bitPattern: value.bitPattern | infiniteExponent | sign)
  }

  /// bfloat16: the upper half of a Float.
  package init(bfloat16 bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}
