import PoiseKernels

/// How parameters follow gradients.
public enum OptimizerKind: Sendable, Equatable {
  /// Adafactor without momentum (Shazeer & Stern 2018, with the constants of T5X): steps are relative to each tensor's size.
  /// The default for online training: momentum makes policies orbit where preferences are cyclic.
  case adafactor
  /// AdamW (Loshchilov & Hutter 2019); decay applies to matrices only.
  case adamW(beta1: Float = 0.9, beta2: Float = 0.95, weightDecay: Float = 0.01)
  /// p ← p − rate·m with m ← momentum·m + (1 − momentum)·g; without momentum m is g.
  case stochasticGradientDescent(momentum: Float = 0)
}

/// An optimiser and its memory. One `update` is one step.
public final class Optimizer: @unchecked Sendable {
  public let kind: OptimizerKind
  /// Moments, in the checkpoint's order.
  public let moments: Layout
  public let state: Arena
  /// Updates made so far.
  public internal(set) var step = 0

  private let tensors: [Tensor]
  /// Per parameter tensor: its moments; the second is nil where one suffices.
  private let momentTensors: [(first: Tensor?, second: Tensor?)]

  /// Adafactor keeps row and column means instead of a moment per element from this size of both dimensions.
  static let smallestFactoredDimension = 128

  public init(_ kind: OptimizerKind, parameters: Layout) {
    self.kind = kind
    tensors = parameters.tensors
    (moments, momentTensors) = Self.layout(kind, parameters)
    let plan = moments
    state = planned(.moments) { Arena(plan) }
  }

  /// What an optimiser of this kind remembers of parameters.
  package static func memoryPlan(_ kind: OptimizerKind, parameters: Layout) -> MemoryPlan {
    MemoryPlan("moments of the optimiser", .moments, floats: layout(kind, parameters).moments.count)
  }

  private static func layout(
    _ kind: OptimizerKind, _ parameters: Layout
  ) -> (moments: Layout, tensors: [(first: Tensor?, second: Tensor?)]) {
    var plan = Layout()
    let tensors: [(first: Tensor?, second: Tensor?)] = parameters.tensors.map { tensor in
      switch kind {
      case .stochasticGradientDescent(let momentum): (momentum == 0 ? nil : plan.add("m.\(tensor.name)", tensor.count), nil)
      case .adamW: (plan.add("m.\(tensor.name)", tensor.count), plan.add("v.\(tensor.name)", tensor.count))
      case .adafactor where isFactored(tensor):
        (plan.add("v_row.\(tensor.name)", tensor.rows), plan.add("v_column.\(tensor.name)", tensor.columns))
      case .adafactor: (plan.add("v.\(tensor.name)", tensor.count), nil)
      }
    }
    return (plan, tensors)
  }

  private static func isFactored(_ tensor: Tensor) -> Bool {
    tensor.shape.count == 2 && min(tensor.rows, tensor.columns) >= smallestFactoredDimension
  }

  /// Takes up a saved state.
  public func restore(step: Int) { self.step = step }

  /// One step. The gradients are used as scratch and hold nothing afterwards.
  ///
  /// - Parameters:
  ///   - gradientScale: multiplies the gradients first; clipping.
  ///   - rate: the learning rate of this step.
  ///   - pool: tensors are updated side by side; each by itself, so the bits do not depend on the number of workers.
  public func update(_ parameters: Arena, gradients: Arena, gradientScale: Float, rate: Float, pool: WorkerPool) {
    step += 1
    pool.forEach(tensors.count) { _, index in
      update(tensors[index], momentTensors[index], parameters, gradients, gradientScale, rate)
    }
  }

  private func update(
    _ tensor: Tensor, _ moments: (first: Tensor?, second: Tensor?), _ p: Arena, _ g: Arena, _ scale: Float, _ rate: Float
  ) {
    let state = state
    switch kind {
    case .stochasticGradientDescent(let momentum):
      guard let mean = moments.first else {
        return kernels.addScaled(g[tensor], by: -rate * scale, addingTo: p[writing: tensor])
      }
      kernels.scale(by: momentum, updating: state[writing: mean])
      kernels.addScaled(g[tensor], by: (1 - momentum) * scale, addingTo: state[writing: mean])
      kernels.addScaled(state[mean], by: -rate, addingTo: p[writing: tensor])
    case .adamW(let beta1, let beta2, let weightDecay):
      kernels.adamW(
        gradients: g[tensor], gradientScale: scale, rate: rate, weightDecay: tensor.shape.count > 1 ? weightDecay : 0,
        beta1: beta1, beta2: beta2, epsilon: 1e-8, firstCorrection: 1 / (1 - power(beta1, step)),
        secondCorrection: 1 / (1 - power(beta2, step)), updating: p[writing: tensor],
        updating: state[writing: moments.first!], updating: state[writing: moments.second!])
    case .adafactor: adafactor(tensor, moments, p, g, scale, rate)
    }
  }

  /// ρ_t = 1 − t^−0.8; the direction's root mean square is held to 1, and the step is `rate` times that of the tensor.
  private func adafactor(
    _ tensor: Tensor, _ moments: (first: Tensor?, second: Tensor?), _ p: Arena, _ g: Arena, _ scale: Float, _ rate: Float
  ) {
    let state = state
    let decay = Float(1 - power(Double(step), -0.8))
    let squares: Double
    if let columns = moments.second {
      kernels.adafactorMoments(
        gradients: g[tensor], gradientScale: scale, decay: decay, epsilon: 1e-30, updating: state[writing: moments.first!],
        updating: state[writing: columns])
      squares = kernels.adafactorDirection(
        rowMoments: state[moments.first!], columnMoments: state[columns], gradientScale: scale, updating: g[writing: tensor])
    } else {
      squares = kernels.adafactorDirection(
        gradientScale: scale, decay: decay, epsilon: 1e-30, updating: state[writing: moments.first!],
        updating: g[writing: tensor])
    }
    let count = Double(tensor.count)
    let clipping = max(1, (squares / count).squareRoot())
    let size = max(1e-3, (kernels.sumOfSquares(p[tensor]) / count).squareRoot())
    kernels.addScaled(g[tensor], by: Float(-Double(rate) * size / clipping), addingTo: p[writing: tensor])
  }
}
