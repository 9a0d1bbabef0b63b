#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func cosine(_ x: Double) -> Double { cos(x) }
func sine(_ x: Double) -> Double { sin(x) }
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// β^t, in double precision.
func power(_ base: Float, _ exponent: Int) -> Float { Float(pow(Double(base), Double(exponent))) }
func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
