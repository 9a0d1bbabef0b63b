/// The kernels as compiled for one instruction set. The sources of this folder are compiled once per instruction set,
/// each time as a module of its own; `PoiseKernels` holds their contract, chooses one and is what everybody imports.
///
/// Nothing here is `@inlinable`: inlined into code compiled for the baseline, a fused multiply-add becomes a function call.
public struct Kernels: Sendable {
  /// Has no state: the type is the choice.
  public init() {}
}
