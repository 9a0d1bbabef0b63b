import Foundation
import PoiseFiles
import PoiseText
import Testing

/// Published vectors are run wherever the vocabulary is at hand; which are not is written here, so that a new one is noticed.
@Suite(.enabled(if: OutsideData.isThere)) struct PublishedVectorTests {
  static let isRun: Set = [
    "Xenova/gpt2", "openai-community/gpt2", "distilgpt2", "Xenova/t5-small", "google-t5/t5-small", "Xenova/t5-tokenizer-new",
    "t5-base",
  ]
  static let lacksVocabulary: Set = [
    "Xenova/gpt-4", "Xenova/gpt-4o", "Xenova/llama-tokenizer", "Xenova/TinyLLama-v0", "Xenova/Qwen1.5-0.5B-Chat",
    "bert-base-uncased", "coreml-projects/Llama-2-7b-chat-coreml", "tiiuae/falcon-7b", "pcuenq/gemma-tokenizer",
    "openai/whisper-tiny.en", "openai/whisper-large-v2", "pcuenq/Llama-3.2-1B-Instruct-tokenizer",
    "distilbert/distilbert-base-multilingual-cased", "google-bert/bert-base-uncased",
  ]

  @Test func everyVectorIsRunOrLacksItsVocabulary() throws {
    let files = ["transformersjs_tokenization.json", "swift_transformers_tokenizer_tests.json"]
    let names = try files.flatMap { try #require(try OutsideData.json("vectors/\($0)").object?.keys) }
    #expect(Set(names) == PublishedVectorTests.isRun.union(PublishedVectorTests.lacksVocabulary))
    #expect(PublishedVectorTests.isRun.isDisjoint(with: PublishedVectorTests.lacksVocabulary))
  }

  @Test func theVocabulariesAtHandAreTheseAndAllAreRead() throws {
    let folder = OutsideData.path("tokenizers")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "gpt2", "gpt_neox_20B_tokenizer.json", "spm_test_model.model", "t5_spiece.model", "torchtune_m.model",
        "torchtune_tiny_bpe_merges.txt", "torchtune_tiny_bpe_tokenizer.json", "torchtune_tiny_bpe_vocab.json",
        "torchtune_tokenizer.json",
      ])
    let pair = try Tokenizer(
      vocabulary: folder + "/torchtune_tiny_bpe_vocab.json", merges: folder + "/torchtune_tiny_bpe_merges.txt")
    #expect(pair.vocabularySize > 1000)
  }
}
