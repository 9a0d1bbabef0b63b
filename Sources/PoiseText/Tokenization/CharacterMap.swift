import Foundation
import PoiseFiles

/// SentencePiece's compiled normalization, such as `nmt_nfkc`: a double-array trie of character sequences and what they become.
/// The `Precompiled` normalizer of a `tokenizer.json` holds it in Base64.
///
/// Layout: the trie's size in bytes, its units (both 32 bits, little-endian), the replacements with a zero byte after each.
/// Aoe 1989, "An efficient digital search algorithm by using a double-array structure"; the units are those of darts-clone.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: ByteText
  /// What becomes of ASCII characters that stand alone; nil for those that stay.
  private let ascii: [ByteText?]

  /// - Throws: `DataError` (`.configuration`) where the map is not Base64, cut short or not made of text.
  init(reading part: Part) throws {
    guard let data = Data(base64Encoded: try part.string("precompiled_charsmap")) else {
      throw part.unusable("the precompiled_charsmap of the \(part.name) is not Base64.")
    }
    let bytes = ByteText(data)
    func word(_ index: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) } }
    guard bytes.count >= 4, word(0).isMultiple(of: 4), Int(word(0)) <= bytes.count - 4 else {
      throw part.unusable("the precompiled_charsmap of the \(part.name) is cut short.")
    }
    let unitCount = Int(word(0)) / 4
    let replacements = ByteText(bytes[(4 + 4 * unitCount)...])
    guard String(validating: replacements, as: UTF8.self) != nil else {
      throw part.unusable("the precompiled_charsmap of the \(part.name) has replacements that are not UTF-8.")
    }
    self.replacements = replacements
    let units = (0..<unitCount).map { word($0 + 1) }
    self.units = units
    ascii = (0..<0x80 as Range<UInt8>).map { CharacterMap.replacement(of: [$0], units, replacements).map { ByteText($0) } }
  }

  /// The most bytes that one becomes.
  var growth: Double {
    Double(replacements.split(separator: 0).reduce(1) { max($0, $1.count) })
  }

  /// As Hugging Face's tokenizers apply it: to grapheme clusters of less than six bytes as wholes, else to each scalar; what
  /// the trie has of its beginning decides.
  func apply(to text: ByteText) -> ByteText {
    var result: ByteText = []
    result.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let end = CharacterMap.endOfClusters(in: text, from: position)
      if end - position == 1 {
        if let replacement = ascii[Int(text[position])] { result += replacement } else { result.append(text[position]) }
      } else {
        for cluster in String(decoding: text[position..<end], as: UTF8.self) { append(cluster, to: &result) }
      }
      position = end
    }
    return result
  }

  /// The next border between ASCII characters: clusters end there, whatever surrounds them, but for CR LF.
  private static func endOfClusters(in text: ByteText, from start: Int) -> Int {
    var end = start + 1
    while end < text.count {
      let isLineEnd = text[end - 1] == UInt8(ascii: "\r") && text[end] == UInt8(ascii: "\n")
      if text[end - 1] < 0x80, text[end] < 0x80, !isLineEnd { break }
      end += 1
    }
    return end
  }

  private func append(_ cluster: Character, to result: inout ByteText) {
    let bytes = ByteText(cluster.utf8)
    if bytes.count < 6, let replacement = CharacterMap.replacement(of: bytes[...], units, replacements) {
      result += replacement
      return
    }
    var position = 0
    while position < bytes.count {
      let scalar = bytes[position..<bytes.scalar(at: position).end]
      result += CharacterMap.replacement(of: scalar, units, replacements) ?? scalar
      position = scalar.endIndex
    }
  }

  /// What replaces bytes whose beginning is in the trie; the shortest beginning counts. Units that point outside of the map
  /// lead nowhere.
  private static func replacement(
    of bytes: ArraySlice<UInt8>, _ units: [UInt32], _ replacements: ByteText
  ) -> ArraySlice<UInt8>? {
    guard let root = units.first else { return nil }
    var place = offset(root)
    for byte in bytes {
      place ^= Int(byte)
      guard byte != 0, place < units.count, units[place] & 0x8000_00FF == UInt32(byte) else { return nil }
      let unit = units[place]
      place ^= offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }  // no sequence ends here
      guard place < units.count else { return nil }
      let start = Int(units[place] & 0x7FFF_FFFF)
      // Not in the middle of a scalar.
      guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
      let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
      return replacements[start..<end]
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }
}
