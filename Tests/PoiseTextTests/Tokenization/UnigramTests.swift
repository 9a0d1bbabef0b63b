import PoiseFiles
import PoiseText
import Testing

/// Small vocabularies with scores, for what the files of others do not show.
@Suite struct UnigramTests {
  func tokens(
    _ text: String, _ vocabulary: JSON = [["?", 0.0], ["a", -1.0], ["b", -1.5], ["ab", -2.0], ["bc", -3.0], ["c", -3.0]],
    model: [String: JSON] = ["unk_id": 0], _ changes: [String: JSON] = [:]
  ) throws -> [String] {
    let parts = (["type": "Unigram", "vocab": vocabulary] as JSON).setting(model)
    let tokenizer = try Tokenizer(json: (["model": parts] as JSON).setting(changes), path: "t.json")
    return tokenizer.encode(text).map { tokenizer.token(of: $0)! }
  }

  @Test func theMostProbableSegmentationWins() throws {
    #expect(try tokens("ab") == ["ab"])
    #expect(try tokens("abc") == ["a", "bc"])
    #expect(try tokens("ababc") == ["ab", "a", "bc"])
    #expect(try tokens("") == [])
  }

  @Test func charactersThatAreNoPiecesAreOneUnknown() throws {
    #expect(try tokens("axyé😁b") == ["a", "?", "b"])
    #expect(try tokens("xaya") == ["?", "a", "?", "a"])
    #expect(try tokens("x?y") == ["?"])
    #expect(try tokens("axb", model: [:]) == ["a", "b"])
  }

  @Test func piecesCanBePartsOfOthersOnly() throws {
    // "é" is no piece alone; the piece that has it must not be lost to the unknown token.
    #expect(try tokens("aéb", [["?", 0.0], ["aé", -9.0], ["b", -1.0], ["a", -0.1]]) == ["aé", "b"])
    #expect(try tokens("éb", [["?", 0.0], ["éb", -9.0], ["b", -0.1]]) == ["éb"])
  }

  @Test func unknownCharactersAreSpelledInBytes() throws {
    let bytes = (0..<256).map { byte -> JSON in
      let digits = String(byte, radix: 16, uppercase: true)
      return [.string("<0x\(digits.count == 1 ? "0" : "")\(digits)>"), 0.0]
    }
    let vocabulary = JSON.array([["?", 0.0], ["a", -1.0]] + bytes)
    let model: [String: JSON] = ["unk_id": 0, "byte_fallback": true]
    #expect(try tokens("aéa", vocabulary, model: model) == ["a", "<0xC3>", "<0xA9>", "a"])
    #expect(try tokens("aéa", .array(vocabulary.array!.dropLast()), model: model) == ["a", "?", "a"])
  }

  @Test func bytesAreSpelledInTheByteAlphabet() throws {
    let vocabulary: JSON = [["?", 0.0], ["Ġ", -1.0], ["Ġa", -1.5], ["a", -1.0], ["Ã©", -1.0]]
    #expect(
      try tokens(" a é", vocabulary, ["pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false]]) == ["Ġa", "Ġ", "Ã©"])
  }

  @Test func aModelWithoutATypeIsKnownByItsList() throws {
    let tokenizer = try Tokenizer(json: ["model": ["vocab": [["a", -1.0], ["aa", -1.5]]]], path: "t.json")
    #expect(tokenizer.encode("aaa") == [0, 1])  // as probable as [1, 0], and found first
  }
}
