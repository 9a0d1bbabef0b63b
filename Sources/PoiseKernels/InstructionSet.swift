#if arch(x86_64)
  import PoiseKernelsAVX2
  import PoiseKernelsAVX512

  extension PoiseKernelsAVX2.Kernels: KernelTable {}
  extension PoiseKernelsAVX512.Kernels: KernelTable {}
#else
  import PoiseKernelsNative

  extension PoiseKernelsNative.Kernels: KernelTable {}
#endif

/// The instruction sets the kernels are compiled for.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// x86-64-v3: AVX2, FMA, BMI.
  case avx2
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL.
  case avx512
  /// Whatever the target's baseline offers; the only choice off x86-64.
  case native
}
