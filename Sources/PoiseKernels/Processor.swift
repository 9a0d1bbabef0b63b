// What the processor can do, asked of the operating system.
//
// Policy: on Linux the `flags` line of /proc/cpuinfo is read rather than the instruction `cpuid`. Swift can only reach
// `cpuid` through an underscored Clang module, and its answer is not enough: whether the registers may be used is the
// kernel's decision (XCR0), which needs `xgetbv`, out of reach without C. The kernel lists a feature only if the processor
// has it, XCR0 enables it and nobody disabled it (`clearcpuid=`, a hypervisor).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func environmentValue(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

#if arch(x86_64)
  #if os(macOS)
    /// Features under Linux's names. macOS runs on x86-64 processors that have all of x86-64-v3 if they have AVX2.
    func processorFeatures() -> Set<Substring> {
      var features: Set<Substring> = []
      if hasFeature("avx2_0") { features.formUnion(["avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"]) }
      for name in ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"] where hasFeature(name) {
        features.insert(Substring(name))
      }
      return features
    }

    private func hasFeature(_ name: String) -> Bool {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      return unsafe sysctlbyname("hw.optional.\(name)", &value, &size, nil, 0) == 0 && value == 1
    }
  #else
    /// The flags of the first processor; none if /proc cannot be read.
    func processorFeatures() -> Set<Substring> { features(ofProcessorInformation: firstPart(of: "/proc/cpuinfo")) }

    /// The words after `flags : ` in the text of /proc/cpuinfo.
    func features(ofProcessorInformation text: String) -> Set<Substring> {
      for line in text.split(separator: "\n") where line.hasPrefix("flags") {
        guard let colon = line.firstIndex(of: ":") else { continue }
        return Set(line[line.index(after: colon)...].split(separator: " "))
      }
      return []
    }

    /// The first 64 KiB of a file, which for /proc/cpuinfo holds several processors; empty if there is none.
    private func firstPart(of path: String) -> String {
      guard let file = unsafe fopen(path, "r") else { return "" }
      defer { unsafe fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = unsafe fread(&bytes, 1, bytes.count, file)
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  #endif
#endif
