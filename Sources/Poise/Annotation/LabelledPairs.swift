import PoiseFiles

/// Pairs of answers with what an annotator says of them, as preference data.
public enum LabelledPairs {
  /// `{"prompt", "chosen", "rejected", "preference"}` of every pair, the answer that is preferred first; equal answers are left out.
  ///
  /// - Throws: what the annotator throws.
  public static func records(_ pairs: [Comparison], by annotator: any Annotator) throws -> [JSON] {
    let pairs = pairs.filter { $0.first != $0.second }
    return zip(pairs, try annotator.preferences(pairs)).map { pair, preference in
      let (told, probability) = preference >= 0.5 ? (pair, preference) : (pair.swapped, 1 - preference)
      return [
        "prompt": .string(told.prompt), "chosen": .string(told.first), "rejected": .string(told.second),
        "preference": .init(probability),
      ]
    }
  }
}
