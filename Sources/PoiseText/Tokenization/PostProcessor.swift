import PoiseFiles

/// What is put around the ids of a text on request, such as a start-of-sequence token: the `post_processor` of a
/// `tokenizer.json`.
indirect enum PostProcessor: Sendable {
  enum TemplatePiece: Sendable {
    case text
    case special([Int])
  }

  case template([TemplatePiece])
  /// Changes the places of tokens in the text, which nobody here asks for, and no ids.
  case byteLevel
  case sequence([PostProcessor])

  /// - Returns: nil where the part is null.
  /// - Throws: `DataError` (`.configuration`) for kinds other than TemplateProcessing, ByteLevel and Sequence.
  static func reading(_ part: Part) throws -> PostProcessor? {
    if part.json.isNull { return nil }
    switch try part.type() {
    case "TemplateProcessing":
      let special = Dictionary(
        (part.json["special_tokens"]?.object?.members ?? []).map { (ExactString($0.key), $0.value) }, uniquingKeysWith: { $1 })
      return .template(try part.members("single").map { try piece($0, special) })
    case "ByteLevel": return .byteLevel
    case "Sequence": return .sequence(try part.members("processors").compactMap(reading))
    default: throw part.unknownKind()
    }
  }

  private static func piece(_ piece: Part, _ special: [ExactString: JSON]) throws -> TemplatePiece {
    if piece.json["Sequence"]?["id"]?.string == "A" { return .text }
    guard let name = piece.json["SpecialToken"]?["id"]?.string else {
      throw piece.unusable("\(piece.name) is neither a special token nor the sequence A.")
    }
    guard let ids = special[ExactString(name)]?["ids"]?.array?.map(\.int), !ids.contains(nil) else {
      throw piece.unusable("\(piece.name) names the token \(name), whose ids are missing under \"special_tokens\".")
    }
    return .special(ids.compactMap { $0 })
  }

  func apply(to ids: [Int]) -> [Int] {
    switch self {
    case .byteLevel: ids
    case .sequence(let steps): steps.reduce(ids) { $1.apply(to: $0) }
    case .template(let pieces):
      pieces.flatMap { piece in
        switch piece {
        case .text: ids
        case .special(let special): special
        }
      }
    }
  }
}
