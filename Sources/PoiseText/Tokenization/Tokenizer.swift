import PoiseFiles

/// Text to token ids and back, as Hugging Face's `tokenizer.json` describes it, for byte-pair encoding of bytes (GPT-2, Llama 3,
/// Qwen 2) and of characters (Llama 2), and for unigram models (T5).
///
///     "Hello world" → added tokens → normalizer → words → pieces → post-processor → [15496, 995]
///
/// The file's `truncation` and `padding` are ignored: how long a sequence may be is the caller's business.
public final class Tokenizer: Sendable {
  /// What was read, unchanged, for saving.
  public let json: JSON

  private let vocabulary: Vocabulary
  private let specialIDs: Set<Int>
  private let rawTokens: AddedTokens
  private let normalizedTokens: AddedTokens
  private let normalizer: Normalizer?
  private let preTokenizer: PreTokenizer?
  private let model: any PieceModel
  private let postProcessor: PostProcessor?
  private let decoder: TokenDecoder?

  /// - Parameter path: what errors call the file.
  /// - Throws: `DataError` of category `.configuration` that names the part which is unknown, incomplete or contradictory.
  public init(json: JSON, path: String) throws {
    func part(_ name: String) -> Part { Part(name, json[name], path: path) }
    guard json.object != nil else { throw part("tokenizer").unusable("a tokenizer is an object, and this is \(json.kind).") }
    self.json = json
    let normalizer = try Normalizer.reading(part("normalizer"))
    self.normalizer = normalizer
    preTokenizer = try PreTokenizer.reading(part("pre_tokenizer"))
    try TextGrowth.check((normalizer?.growth ?? 1) * (preTokenizer?.growth ?? 1), of: "a text to be encoded", path: path)
    model = try Tokenizer.model(reading: part("model"), isByteLevel: preTokenizer?.isByteLevel ?? false)
    postProcessor = try PostProcessor.reading(part("post_processor"))
    try TextGrowth.check(postProcessor?.growth ?? 1, of: "a list of tokens", path: path)
    decoder = try TokenDecoder.reading(part("decoder"))
    try TextGrowth.check(decoder?.growth ?? 1, of: "a text that is decoded", path: path)
    let added = try AddedTokens.reading(json["added_tokens"], path: path)
    var vocabulary = model.vocabulary
    for token in added { try vocabulary.insert(token.content, token.id, part("added_tokens")) }
    self.vocabulary = vocabulary
    specialIDs = Set(added.filter(\.isSpecial).map(\.id))
    rawTokens = AddedTokens(added.filter { !$0.isNormalized })
    normalizedTokens = AddedTokens(added.filter(\.isNormalized)) { normalizer?.apply(to: $0) ?? $0 }
  }

  private static func model(reading part: Part, isByteLevel: Bool) throws -> any PieceModel {
    // Files from before the type was written are Unigram where the vocabulary is a list.
    let type = part.json["type"]?.string ?? (part.json["vocab"]?.array == nil ? "BPE" : "Unigram")
    return type == "Unigram" ? try UnigramModel(reading: part) : try BytePairModel(reading: part, isByteLevel: isByteLevel)
  }

  /// One more than the largest id.
  public var vocabularySize: Int { vocabulary.size }

  public func token(of id: Int) -> String? { vocabulary.token(of: id) }

  /// The id of a token as it is spelled in the file: in byte-level vocabularies a space is `Ġ`.
  public func id(of token: String) -> Int? { vocabulary.id(of: token) }

  /// Whether the id is of an added token that is marked special, such as `<|endoftext|>`.
  public func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }

  /// The ids of a text. Added tokens that stand in the text, special ones too, become their ids.
  /// - Parameter addingSpecialTokens: apply the file's template, which puts a start-of-sequence token first, for example.
  public func encode(_ text: String, addingSpecialTokens: Bool = false) -> [Int] {
    let bytes = ByteText(text.utf8)
    var ids: [Int] = []
    var encoder = model.makeEncoder()
    for segment in rawTokens.split(bytes) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        let piece = normalizer?.apply(to: ByteText(bytes[range])) ?? ByteText(bytes[range])
        encode(piece, isAtStart: range.lowerBound == 0, with: &encoder, appendingTo: &ids)
      }
    }
    return addingSpecialTokens ? postProcessor?.apply(to: ids) ?? ids : ids
  }

  private func encode(_ text: ByteText, isAtStart: Bool, with encoder: inout any WordEncoder, appendingTo ids: inout [Int]) {
    for segment in normalizedTokens.split(text) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        var piece = SplitText(ByteText(text[range]))
        preTokenizer?.split(&piece, isAtStart: isAtStart && range.lowerBound == 0)
        let isByteLevel = preTokenizer?.isByteLevel ?? false
        for word in piece.words {
          encoder.encode(word, of: piece.bytes, isByteLevel: isByteLevel, appendingTo: &ids)
        }
      }
    }
  }

  /// The text of ids; an id without a token adds nothing, and bytes that are not UTF-8 become U+FFFD.
  public func decode(_ ids: [Int], skippingSpecialTokens: Bool = true) -> String {
    let tokens = ids.compactMap { id in
      skippingSpecialTokens && isSpecial(id) ? nil : token(of: id).map { ByteText($0.utf8) }
    }
    // Without a decoder nobody knows where spaces were, and Hugging Face puts one between any two tokens.
    guard let decoder else { return String(decoding: ByteText(tokens.joined(separator: " ".utf8)), as: UTF8.self) }
    return String(decoding: ByteText(decoder.apply(to: tokens).joined()), as: UTF8.self)
  }
}
