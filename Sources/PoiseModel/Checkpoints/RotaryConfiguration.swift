import PoiseFiles

// How config.json says what the rotary positions are. Version 5 of Hugging Face transformers writes `rope_parameters`; older
// files have `rope_theta` and, where the positions are scaled, `rope_scaling`. Which of them wins is transformers' rule.

extension ConfigurationReader {
  /// - Parameter contextLength: the most positions; what the model was first trained on, where the file does not say.
  /// - Throws: `DataError` for kinds of scaling that Poise does not compute.
  func rotaryPositions(contextLength: Int) throws -> TransformerConfiguration.Positions {
    try requireWholeRotation()
    let parameters = try object("rope_scaling") ?? object("rope_parameters")
    let base = try parameters?.optionalDouble("rope_theta") ?? double("rope_theta", default: 10_000)
    guard let parameters else { return .rotary(base: base) }
    try parameters.requireWholeRotation()
    let original =
      try optionalInt("original_max_position_embeddings") ?? parameters.optionalInt("original_max_position_embeddings")
      ?? contextLength
    return .rotary(
      base: base, scaling: try parameters.rotaryScaling(contextLength: contextLength, originalContextLength: original))
  }

  private func requireWholeRotation() throws {
    let share = try double("partial_rotary_factor", default: 1)
    guard share == 1 else { throw error("\(scope)partial_rotary_factor is \(share); Poise rotates whole heads, which is 1.") }
  }

  private func rotaryScaling(contextLength: Int, originalContextLength: Int) throws -> RotaryScaling {
    switch try optionalString("rope_type") ?? optionalString("type") ?? "default" {
    case "default": return .none
    // Frequencies follow the length of a text once that is beyond max_position_embeddings; in Poise no text is.
    case "dynamic": return .none
    case "linear": return .linear(factor: try double("factor"))
    case "llama3":
      return .llama3(
        factor: try double("factor"), low: try double("low_freq_factor"), high: try double("high_freq_factor"),
        originalContextLength: originalContextLength)
    case "yarn": return .yarn(try yarn(contextLength: contextLength, originalContextLength: originalContextLength))
    case let kind:
      throw error(
        "\(scope.dropLast()) asks for \"\(kind)\" rotary positions; Poise supports default, linear, dynamic, llama3 and yarn.")
    }
  }

  private func yarn(contextLength: Int, originalContextLength: Int) throws -> RotaryScaling.YaRN {
    let factor = try optionalDouble("factor") ?? Double(contextLength) / Double(originalContextLength)
    var amplitude = try optionalDouble("attention_factor")
    if amplitude == nil, let scale = try optionalDouble("mscale"), let all = try optionalDouble("mscale_all_dim"),
      scale != 0, all != 0
    {
      amplitude =
        RotaryScaling.YaRN.amplitude(factor: factor, scale: scale) / RotaryScaling.YaRN.amplitude(factor: factor, scale: all)
    }
    return RotaryScaling.YaRN(
      factor: factor, fastTurns: try double("beta_fast", default: 32), slowTurns: try double("beta_slow", default: 1),
      originalContextLength: originalContextLength, amplitude: amplitude, isTruncated: try bool("truncate", default: true))
  }
}

extension RotaryScaling {
  /// `rope_scaling` of a model made here.
  var config: JSON {
    switch self {
    case .none: .null
    case .linear(let factor): ["rope_type": "linear", "factor": .shortest(factor)]
    case .llama3(let factor, let low, let high, let originalContextLength):
      [
        "rope_type": "llama3", "factor": .shortest(factor), "low_freq_factor": .shortest(low),
        "high_freq_factor": .shortest(high),
        "original_max_position_embeddings": .init(originalContextLength),
      ]
    case .yarn(let yarn):
      [
        "rope_type": "yarn", "factor": .shortest(yarn.factor), "beta_fast": .shortest(yarn.fastTurns),
        "beta_slow": .shortest(yarn.slowTurns), "original_max_position_embeddings": .init(yarn.originalContextLength),
        "attention_factor": .shortest(yarn.amplitude), "truncate": .bool(yarn.isTruncated),
      ]
    }
  }
}
