import PoiseFiles

extension Tokenizer {
  /// What a tokenizer can be read from, in the order in which a folder is searched.
  private static let fileNames = ["tokenizer.json", "spiece.model", "tokenizer.model", "vocab.json"]

  /// Whether a folder holds a tokenizer.
  public static func isIn(folder: String) -> Bool { fileNames.contains { Files.exists("\(folder)/\($0)") } }

  /// The tokenizer of a model folder: its `tokenizer.json`, else SentencePiece's `spiece.model` or `tokenizer.model`, else GPT-2's
  /// older pair `vocab.json` and `merges.txt`.
  /// - Throws: `FileError.missing` where none is there; `DataError` as `init(json:path:)` and `init(sentencePiece:settings:)`.
  public convenience init(folder: String) throws {
    let name = Tokenizer.fileNames.first { Files.exists("\(folder)/\($0)") } ?? "tokenizer.json"
    let path = "\(folder)/\(name)"
    switch name {
    case "tokenizer.json": try self.init(json: try Files.readJSON(path), path: path)
    case "vocab.json": try self.init(vocabulary: path, merges: folder + "/merges.txt")
    default:
      let settings = folder + "/tokenizer_config.json"
      try self.init(sentencePiece: path, settings: Files.exists(settings) ? try Files.readJSON(settings) : nil)
    }
  }

  /// A model file of SentencePiece, unigram or BPE; saved, it is a `tokenizer.json` that encodes alike.
  /// - Parameter settings: the `tokenizer_config.json` of the model: T5's 100 sentinels and the tokens around a text are known
  ///   from there only.
  /// - Throws: `FileError`; `DataError` (`.configuration`) where the file is none, or asks for what is not supported here.
  public convenience init(sentencePiece path: String, settings: JSON? = nil) throws {
    try self.init(json: try SentencePieceFile(path).tokenizer(settings: settings), path: path)
  }

  /// GPT-2's pair of files: `{token: id}`, and a merge a line after an optional `#version` line. `<|endoftext|>`, where the
  /// vocabulary has it, is a special token.
  public convenience init(vocabulary vocabularyPath: String, merges mergesPath: String) throws {
    let vocabulary = try Files.readJSON(vocabularyPath)
    let lines = try Files.read(mergesPath).split(separator: UInt8(ascii: "\n"))
    let merges = try lines.enumerated().compactMap { index, line -> JSON? in
      guard let text = String(validating: line, as: UTF8.self) else {
        throw DataError(mergesPath, line: index + 1, "this is not valid UTF-8.", category: .configuration)
      }
      let merge = text.hasSuffix("\r") ? String(text.dropLast()) : text
      return index == 0 && merge.hasPrefix("#version") ? nil : .string(merge)
    }
    let end = "<|endoftext|>"
    let special = vocabulary.object?.members.first { $0.key == end }?.value.int
    let added = special.map { [(token: end, id: $0)] } ?? []
    try self.init(json: Tokenizer.byteLevel(vocabulary: vocabulary, merges: merges, specialTokens: added), path: vocabularyPath)
  }

  /// The `tokenizer.json` of a byte-level model that splits words as GPT-2 does.
  static func byteLevel(vocabulary: JSON, merges: [JSON], specialTokens: [(token: String, id: Int)]) -> JSON {
    let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    let added = specialTokens.map { addedToken($0.id, special: $0.token) }
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added), "normalizer": .null,
      "pre_tokenizer": byteLevel, "post_processor": byteLevel, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocabulary, "merges": .array(merges),
      ],
    ]
  }

  /// An entry of `added_tokens`: a special token that is found wherever it stands.
  static func addedToken(_ id: Int, special content: String) -> JSON {
    [
      "id": JSON(id), "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
      "special": true,
    ]
  }

  /// Writes `tokenizer.json` into a folder that exists.
  public func save(folder: String) throws(FileError) {
    try Files.replace(folder + "/tokenizer.json", with: json.page)
  }
}
