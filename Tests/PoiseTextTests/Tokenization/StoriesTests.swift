import PoiseFiles
import PoiseText
import Testing

/// The SentencePiece-style vocabulary of a small Llama.
@Suite(.enabled(if: OutsideData.isThere)) struct StoriesTests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try OutsideData.stories.get() }

  @Test func theGoldenStoryIsEncodedAndDecoded() throws {
    let golden = try OutsideData.json("vectors/golden_stories260K.json")
    let ids = try #require(golden["tokens"]?.integers)
    let text = try #require(golden["text"]?.string)
    try #require(ids.count > 100)
    #expect(tokenizer.decode(ids) == text)
    #expect(tokenizer.encode(text, addingSpecialTokens: true).prefix(100) == ids.prefix(100))
  }

  @Test func unknownCharactersAreSpelledInBytes() {
    let ids = tokenizer.encode("né 😁")
    #expect(ids.map { tokenizer.token(of: $0)! }.suffix(4) == ["<0xF0>", "<0x9F>", "<0x98>", "<0x81>"])
    #expect(tokenizer.decode(ids) == "né 😁")
    #expect(tokenizer.decode(Array(ids.dropLast())) == "né \u{FFFD}\u{FFFD}\u{FFFD}")
  }

  @Test func specialTokensAreFoundInTextAndAddedOnRequest() {
    #expect(tokenizer.encode("", addingSpecialTokens: true) == [1])
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.encode("</s>") == [2])
    #expect(tokenizer.decode([1, 403, 2]) == "Once")
    #expect(tokenizer.decode([1, 403, 2], skippingSpecialTokens: false) == "<s> Once</s>")
  }

  @Test func whatWasReadIsWhatIsSaved() throws {
    try withTemporaryFolder { folder in
      try tokenizer.save(folder: folder)
      let again = try Tokenizer(folder: folder)
      #expect(again.json == tokenizer.json)
      #expect(again.encode("Once upon a time") == tokenizer.encode("Once upon a time"))
    }
  }
}
