import PoiseFiles

/// Texts for a tokenizer to learn from.
public enum TrainingTexts {
  /// The texts of a file: every string, and every message, that a record's fields hold where the name ends in `.jsonl`, `.json` or `.jsonl.gz`,
  /// otherwise the whole file as one text.
  /// - Throws: `FileError`; `DataError` for a line that is not JSON, for bytes that are not UTF-8, and where there is no text.
  public static func read(_ path: String) throws -> [String] {
    let isRecords = [".jsonl", ".json", ".jsonl.gz"].contains { path.hasSuffix($0) }
    let texts = isRecords ? try records(path) : [try whole(path)]
    guard texts.contains(where: { !$0.isEmpty }) else {
      throw DataError(
        path, "there is no text in it; records with \(fields.joined(separator: ", ")), or plain text, were expected.")
    }
    return texts
  }

  private static let fields = ["prompt", "completion", "text", "messages", "chosen", "rejected"]

  private static func records(_ path: String) throws -> [String] {
    var texts: [String] = []
    try JSONLines.read(path) { _, json in texts += fields.compactMap { json[$0] }.flatMap(strings) }
    return texts
  }

  /// A string itself, or what messages say.
  private static func strings(_ value: JSON) -> [String] {
    value.string.map { [$0] } ?? (value.array ?? []).compactMap { $0["content"]?.string }
  }

  private static func whole(_ path: String) throws -> String {
    guard let text = String(validating: try Files.readInput(path), as: UTF8.self) else {
      throw DataError(path, "this is not UTF-8 text. JSON Lines must be named .jsonl or .jsonl.gz.")
    }
    return text
  }
}
