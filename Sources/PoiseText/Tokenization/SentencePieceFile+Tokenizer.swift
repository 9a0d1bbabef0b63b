import Foundation
import PoiseFiles

/// The `tokenizer.json` of a SentencePiece model, as transformers converts it (`build_tokenizer_from_spm_proto` in
/// `convert_slow_tokenizer.py`, and `T5Tokenizer`). Text has the ids that SentencePiece gives it, but where `CharacterMap` takes
/// clusters with combining marks as wholes.
extension SentencePieceFile {
  /// - Parameter settings: the `tokenizer_config.json` beside the model, which says what the model file does not: the class
  ///   (T5 has sentinels and ends with `</s>`, Llama begins with `<s>`), `add_bos_token`, `add_eos_token`, `legacy` and
  ///   `added_tokens_decoder`.
  func tokenizer(settings: JSON?) throws -> JSON {
    let settings = Settings(settings)
    guard settings.sentinels.count <= Settings.mostSentinels else {
      throw unusable("the tokenizer_config.json beside it asks for more than \(Settings.mostSentinels) extra_ids.")
    }
    let form = settings.isT5 ? wordForm() : textForm(isLegacy: settings.isLegacy)
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": try addedTokens(settings),
      "normalizer": form.normalizer, "pre_tokenizer": form.preTokenizer, "post_processor": try postProcessor(settings),
      "decoder": form.decoder, "model": kind == .unigram ? unigramModel(settings) : bytePairModel(),
    ]
  }

  private struct Settings {
    let json: JSON?
    let isT5: Bool
    let sentinels: [String]

    /// T5 has 100. More would let a small file claim much memory.
    static let mostSentinels = 10_000

    init(_ json: JSON?) {
      self.json = json
      let name = json?["tokenizer_class"]?.string ?? ""
      isT5 = name.hasPrefix("T5Tokenizer") || json?["extra_ids"] != nil
      let count = isT5 ? min(json?["extra_ids"]?.int ?? 100, Settings.mostSentinels + 1) : 0
      sentinels = (0..<max(0, count)).reversed().map { "<extra_id_\($0)>" }
    }

    private var isLlama: Bool { json?["tokenizer_class"]?.string?.hasPrefix("LlamaTokenizer") == true }

    /// Whether every text between added tokens opens with a space, and not only the first.
    var isLegacy: Bool { json?["legacy"]?.bool ?? true }

    /// The tokens around a text.
    var beginning: String? { json?["add_bos_token"]?.bool ?? isLlama ? token("bos_token") ?? "<s>" : nil }
    var end: String? { json?["add_eos_token"]?.bool ?? isT5 ? token("eos_token") ?? "</s>" : nil }

    private func token(_ key: String) -> String? { json?[key]?.string ?? json?[key]?["content"]?.string }
  }

  private typealias Form = (normalizer: JSON, preTokenizer: JSON, decoder: JSON)

  private var userDefined: [String] { pieces.filter { $0.role == .userDefined }.map(\.text) }

  private var characterMapPart: [JSON] {
    guard !characterMap.isEmpty else { return [] }
    return [["type": "Precompiled", "precompiled_charsmap": .string(Data(characterMap).base64EncodedString())]]
  }

  private func metaspace(_ scheme: JSON, splits: Bool) -> JSON {
    ["type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": .bool(splits)]
  }

  /// T5's: what is between white space is a word.
  private func wordForm() -> Form {
    let mark = metaspace("always", splits: true)
    return (characterMapPart.first ?? .null, ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], mark]], mark)
  }

  /// The text as a whole, with spaces as SentencePiece writes them.
  private func textForm(isLegacy: Bool) -> Form {
    func replace(_ kind: String, _ pattern: String, with content: String) -> JSON {
      [
        "type": "Replace", "pattern": .object(JSON.Object(uniqueMembers: [(kind, .string(pattern))])),
        "content": .string(content),
      ]
    }
    var normalizers = characterMapPart
    if removesExtraSpaces {
      normalizers += [replace("Regex", #"\A +| +\z"#, with: ""), replace("Regex", " {2,}", with: " ")]
    }
    if escapesSpaces { normalizers.append(replace("String", " ", with: "▁")) }
    // A Metaspace puts no mark before a mark, and SentencePiece does.
    if addsDummyPrefix, isLegacy { normalizers.append(replace("Regex", #"\A▁"#, with: "▁▁")) }
    var words = addsDummyPrefix ? [metaspace(isLegacy ? "always" : "first", splits: false)] : []
    // Longer ones first, so that none is taken for its own beginning.
    for piece in userDefined.sorted(by: { $0.utf8.count > $1.utf8.count }) {
      words.append(["type": "Split", "pattern": ["String": .string(piece)], "behavior": "Isolated", "invert": false])
    }
    var decoders = [replace("String", "▁", with: " ")]
    if fallsBackToBytes { decoders.append(["type": "ByteFallback"]) }
    decoders.append(["type": "Fuse"])
    if addsDummyPrefix { decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
    return (
      ["type": "Sequence", "normalizers": .array(normalizers)],
      words.isEmpty ? .null : ["type": "Sequence", "pretokenizers": .array(words)],
      ["type": "Sequence", "decoders": .array(decoders)]
    )
  }

  // MARK: models

  private var unknownID: Int { pieces.firstIndex { $0.role == .unknown }! }

  private func unigramModel(_ settings: Settings) -> JSON {
    let entries = pieces.map { [.string($0.text), JSON(Double($0.score))] as JSON }
    return [
      "type": "Unigram", "unk_id": JSON(unknownID), "vocab": .array(entries + settings.sentinels.map { [.string($0), 0.0] }),
      "byte_fallback": .bool(fallsBackToBytes),
    ]
  }

  private func bytePairModel() -> JSON {
    [
      "type": "BPE", "dropout": .null, "unk_token": .string(pieces[unknownID].text), "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": true, "byte_fallback": .bool(fallsBackToBytes),
      // User-defined pieces are words, and are never merged from others.
      "ignore_merges": .bool(!userDefined.isEmpty),
      "vocab": .object(JSON.Object(uniqueMembers: pieces.enumerated().map { ($1.text, JSON($0)) })),
      "merges": .array(merges()),
    ]
  }

  /// Every way to make a piece of two others, the pieces with the greatest score first.
  private func merges() -> [JSON] {
    let normal = pieces.indices.filter { pieces[$0].role == .normal }
    let trie = ByteTrie(normal.map { (ByteText(pieces[$0].text.utf8), $0) })
    let ranked = normal.sorted { (-pieces[$0].score, $0) < (-pieces[$1].score, $1) }
    return ranked.flatMap { id -> [JSON] in
      let bytes = ByteText(pieces[id].text.utf8)
      var halves: [JSON] = []
      var node = ByteTrie.root
      for split in bytes.indices.dropFirst() {
        guard let child = trie.child(of: node, bytes[split - 1]) else { break }
        node = child
        if let left = trie.value(at: node), let right = trie.value(of: bytes[split...]) {
          halves.append(.array([.string(pieces[left].text), .string(pieces[right].text)]))
        }
      }
      return halves
    }
  }

  // MARK: added tokens

  private func addedTokens(_ settings: Settings) throws -> JSON {
    var tokens: [Int: JSON] = [:]
    for (id, piece) in pieces.enumerated() where piece.role == .control || piece.role == .unknown {
      tokens[id] = Tokenizer.addedToken(id, special: piece.text)
    }
    for (index, sentinel) in settings.sentinels.enumerated() {
      tokens[pieces.count + index] = Tokenizer.addedToken(pieces.count + index, special: sentinel)
    }
    for (key, token) in settings.json?["added_tokens_decoder"]?.object?.members ?? [] {
      guard let id = Int(key), case .object(var object) = token else {
        throw unusable("the added_tokens_decoder of the tokenizer_config.json beside it has no token under \"\(key)\".")
      }
      object["id"] = JSON(id)
      tokens[id] = .object(object)
    }
    return .array(tokens.sorted { $0.key < $1.key }.map(\.value))
  }

  /// A template where the settings ask for a token before or after the text.
  private func postProcessor(_ settings: Settings) throws -> JSON {
    let (beginning, end) = (settings.beginning, settings.end)
    if beginning == nil, end == nil { return .null }
    func piece(_ kind: String, _ name: String, _ type: Int) -> JSON {
      .object(JSON.Object(uniqueMembers: [(kind, ["id": .string(name), "type_id": JSON(type)])]))
    }
    func around(_ texts: [String]) -> JSON {
      var pieces: [JSON] = []
      for (type, text) in texts.enumerated() {
        if let beginning { pieces.append(piece("SpecialToken", beginning, type)) }
        pieces.append(piece("Sequence", text, type))
        if let end { pieces.append(piece("SpecialToken", end, type)) }
      }
      return .array(pieces)
    }
    var special = JSON.Object()
    for name in [beginning, end].compactMap({ $0 }) {
      guard let id = pieces.firstIndex(where: { ExactString($0.text) == ExactString(name) }) else {
        throw unusable("the model has no piece \"\(name)\", which the tokenizer_config.json beside it puts around texts.")
      }
      special[name] = ["id": .string(name), "ids": [JSON(id)], "tokens": [.string(name)]]
    }
    return [
      "type": "TemplateProcessing", "single": around(["A"]), "pair": around(["A", "B"]), "special_tokens": .object(special),
    ]
  }
}
