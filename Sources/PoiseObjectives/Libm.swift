#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func exponential(_ x: Double) -> Double { exp(x) }
/// log(1 + x), accurate where x is small.
func logarithmOfOnePlus(_ x: Double) -> Double { log1p(x) }
