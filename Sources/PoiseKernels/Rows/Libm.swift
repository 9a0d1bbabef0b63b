#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// log x in double precision; called once a row, never in a loop over elements.
func logarithm(_ x: Double) -> Double { log(x) }
