import PoiseFiles

extension Tokenizer {
  /// The tokenizer of a model folder: its `tokenizer.json`, else GPT-2's older pair `vocab.json` and `merges.txt`.
  /// - Throws: `FileError.missing` where neither is there; `DataError` as `init(json:path:)`.
  public convenience init(folder: String) throws {
    let path = folder + "/tokenizer.json"
    if !Files.exists(path), Files.exists(folder + "/vocab.json") {
      try self.init(vocabulary: folder + "/vocab.json", merges: folder + "/merges.txt")
    } else {
      try self.init(json: try Files.readJSON(path), path: path)
    }
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
    let added = specialTokens.map { token, id -> JSON in
      [
        "id": JSON(id), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added), "normalizer": .null,
      "pre_tokenizer": byteLevel, "post_processor": byteLevel, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocabulary, "merges": .array(merges),
      ],
    ]
  }

  /// Writes `tokenizer.json` into a folder that exists.
  public func save(folder: String) throws(FileError) {
    try Files.replace(folder + "/tokenizer.json", with: json.page)
  }
}
