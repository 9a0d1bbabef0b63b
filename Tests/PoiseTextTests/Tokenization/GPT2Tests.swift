import Foundation
import PoiseFiles
import PoiseText
import Testing

/// GPT-2's vocabulary against the ids that other people's implementations give.
@Suite(.enabled(if: OutsideData.isThere)) struct GPT2Tests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try OutsideData.gpt2.get() }

  @Test func theVectorsOfTiktokenHold() throws {
    let cases = try #require(try OutsideData.json("vectors/tiktoken_gpt2_cases.json")["gpt2"]?.array)
    try #require(cases.count == 20)
    for values in cases.compactMap(\.array) {
      let text = try #require(values[0].string)
      #expect(tokenizer.encode(text) == values[1].integers, "\(text)")
      #expect(tokenizer.decode(tokenizer.encode(text), skippingSpecialTokens: false) == text)
    }
  }

  @Test func theVectorsOfLlamaCppHold() throws {
    let texts = try OutsideData.text("vectors/llamacpp_gpt-2.gguf.inp").components(separatedBy: "\n__ggml_vocab_test__\n")
    let lines = try OutsideData.text("vectors/llamacpp_gpt-2.gguf.out").components(separatedBy: "\n")
    try #require(lines.count == 47 && texts.count >= 46)
    for (text, line) in zip(texts, lines.dropLast()) {
      #expect(tokenizer.encode(text) == line.split(separator: " ").map { Int($0) }, "\(text.debugDescription)")
      #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
  }

  @Test(arguments: ["Xenova/gpt2", "openai-community/gpt2"]) func theVectorsOfTransformersJSHold(_ name: String) throws {
    let cases = try #require(try OutsideData.json("vectors/transformersjs_tokenization.json")[name]?.object?.members)
    try #require(!cases.isEmpty)
    for (name, vector) in cases {
      let text = try #require(vector["text"]?.string)
      let ids = tokenizer.encode(text)
      #expect(ids == vector["ids"]?.integers, "\(name)")
      #expect(ids.map { tokenizer.token(of: $0) } == vector["tokens"]?.array?.map(\.string), "\(name)")
      // "Decoded" there is after transformers' tidying of spaces before punctuation, which is no part of the tokenizer.
      #expect(tokenizer.decode(ids, skippingSpecialTokens: false) == text, "\(name)")
    }
  }

  @Test func theVectorsOfSwiftTransformersHold() throws {
    let cases = try #require(try OutsideData.json("vectors/swift_transformers_tokenizer_tests.json")["distilgpt2"]?.array)
    try #require(cases.count == 18)
    for vector in cases {
      let text = try #require(vector["input"]?.string)
      #expect(tokenizer.encode(text) == vector["encoded"]?["input_ids"]?.integers, "\(text)")
      #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
  }

  @Test func bothLayoutsOfTheVocabularyEncodeAlike() throws {
    let layout = try Tokenizer(folder: OutsideData.path("tokenizers/gpt2"))
    let text = try OutsideData.text("corpora/tinystories_sample.txt").replacingOccurrences(of: "<|endoftext|>", with: "")
    #expect(layout.encode(text) == tokenizer.encode(text))
    #expect(layout.vocabularySize == 50257 && tokenizer.vocabularySize == 50257)
    #expect(tokenizer.id(of: "<|endoftext|>") == 50256 && tokenizer.isSpecial(50256))
    // This tokenizer.json has lstrip and rstrip for the token, and the pair of files cannot say so.
    #expect(layout.encode("a <|endoftext|> b") == [64, 50256, 65])
    #expect(tokenizer.encode("a <|endoftext|> b") == [64, 220, 50256, 275])
  }
}
