import Foundation
import PoiseFiles
import PoiseText

/// `tokenizer.json`, and a text for it, two files. Ids go up to 2²¹, 32 MB for who claims the last; text grows at most 1024-fold in
/// all steps together, which is checked when the file is read; encoding n bytes takes n times the length of the
/// longest token, of 1024 bytes at most.
enum TokenizerTarget: FuzzTarget {
  static let name = "tokenizer"
  static let dictionary = [
    "\"type\":", "\"BPE\"", "\"Unigram\"", "\"vocab\":", "\"merges\":", "\"model\":", "\"added_tokens\":", "\"normalizer\":",
    "\"pre_tokenizer\":", "\"post_processor\":", "\"decoder\":", "\"Sequence\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Split\"",
    "\"Digits\"", "\"WhitespaceSplit\"", "\"Prepend\"", "\"Replace\"", "\"Precompiled\"", "\"NFKC\"", "\"NFC\"", "\"Lowercase\"",
    "\"Strip\"", "\"ByteFallback\"", "\"Fuse\"", "\"TemplateProcessing\"", "\"pattern\":", "\"String\":", "\"Regex\":",
    "\"content\":",
    "\"replacement\":", "\"prepend_scheme\":", "\"unk_token\":", "\"unk_id\":", "\"byte_fallback\":", "\"normalizers\":",
    "\"pretokenizers\":", "\"decoders\":", "\"processors\":", "\"special_tokens\":", "\"single\":", "\"lstrip\":true",
    "\"special\":true",
    "\"id\":", "▁", "Ġ", "<0x41>", "\"behavior\":\"Isolated\"", "\"invert\":false", "\"start\":", "\"stop\":",
    "\"single_word\":true",
  ]

  static let seeds: [[UInt8]] = [
    seed(
      #"{"added_tokens":[{"id":5,"content":"<s>","special":true,"lstrip":true}],"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"Ġ":3,"Ġab":4},"merges":["a b",["Ġ","ab"]]}}"#,
      "ab ab<s> b"),
    seed(
      #"{"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[1]}}},"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,"<s>":1,"▁":2,"a":3,"▁a":4},"merges":["▁ a"]}}"#,
      "a é a"),
    seed(
      #"{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"},{"type":"Strip"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":true},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},"decoder":{"type":"Metaspace","replacement":"▁"},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["▁",-1.5],["a",-2],["▁ab",-3.25],["1",-4]]}}"#,
      "  AB a1²3 ﬁ"),
    seed(
      #"{"pre_tokenizer":{"type":"Split","pattern":{"String":"ab"},"behavior":"Isolated","invert":false},"added_tokens":[{"id":3,"content":"abc","single_word":true,"normalized":true,"rstrip":true}],"model":{"vocab":{"a":0,"b":1,"ab":2},"merges":[],"ignore_merges":true}}"#,
      "xabab abc"),
  ]

  private static func seed(_ json: String, _ text: String) -> [UInt8] { .joining(Array(json.utf8), Array(text.utf8)) }

  static func run(_ input: [UInt8]) throws {
    let files = input.files(2)
    use(try Tokenizer(json: try Files.parseJSON(Data(files[0]), path: "tokenizer.json"), path: "tokenizer.json"), files[1])
  }

  static func use(_ tokenizer: Tokenizer, _ bytes: [UInt8]) {
    let text = bytes.isEmpty ? "Hello  world, é e\u{301} 1²3\r\n\t▁x ﷺ <s>'ll 🤷🏽" : String(decoding: bytes, as: UTF8.self)
    let ids = tokenizer.encode(text, addingSpecialTokens: true)
    _ = tokenizer.decode(ids)
    _ = tokenizer.decode([0, -1, .max, tokenizer.vocabularySize], skippingSpecialTokens: false)
    _ = ids.first.map(tokenizer.isSpecial)
  }
}
