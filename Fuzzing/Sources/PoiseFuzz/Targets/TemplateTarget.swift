import PoiseFiles
import PoiseText

/// Templates, which are programs: two million steps at most, each of sixteen bytes that are made or looked at; blocks and brackets 64
/// deep, lists of lists 16 deep. Whatever does more is refused as a template that cannot be followed.
enum TemplateTarget: FuzzTarget {
  static let name = "template"
  static let dictionary = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{%+", "for ", " in ", "endfor", "if ", "elif ", "else", "endif", "set ",
    "generation", "endgeneration", "messages", "message", "role", "content", "loop.first", "loop.index0", "loop.previtem",
    "namespace(", "range(", "raise_exception(", "bos_token", "eos_token", "add_generation_prompt", "is defined", "is not none",
    "is string", "is mapping", "is iterable", "| trim", "|length", "|join(", "|replace(", "|list", "|first", "|default(",
    ".split(",
    ".strip(", ".items()", ".get(", ".startswith(", "[1:]", "[::-1]", " ~ ", "//", "**", "not in", "\\u00", "\\x41",
  ]

  static let seeds =
    ChatTemplate.Family.allCases.map { Array($0.template.utf8) }
    + [
      "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ m.content | trim }}\n{% else %}-{% endfor %}",
      "{%- set ns = namespace(a=1) -%}{% for i in range(3) %}{% set ns.a = ns.a * 7 // 2 - i % 2 %}{% endfor %}{{ ns.a }}",
      "{{ messages[0]['content'][::-1] ~ messages[-1].role.upper() }}{# comment #}{{ 'a' if x is defined else \"b\" }}",
      "{{ raise_exception('no') if not messages }}{{ {'a': [1, 2]}.items() | length }}{{ 'a,b'.split(',') | join('-') }}",
      "{% set a = [1] %}{% for i in range(20) %}{% set a = [a, a] %}{% endfor %}{{ a == a }}",
      "{% generation %}{{ messages | first | length }}{{ 'abc' in 'xabcx' and 1 < 2 <= 3 }}{% endgeneration %}",
      "{{ 'aaaa'.replace('a', 'bbbbbbbb') | replace('b', 'cccc') | capitalize }}{{ messages[1:][0].get('x', 'y') }}",
    ].map { Array($0.utf8) }

  static func run(_ input: [UInt8]) throws {
    let text = String(decoding: input, as: UTF8.self)
    let config: JSON = ["chat_template": .string(text), "bos_token": "<s>", "eos_token": ["content": "</s>"]]
    guard let template = ChatTemplate(tokenizerConfig: config) else { return }
    let conversation = Conversation([
      .init(.system, "Be brief."), .init(.user, " What is a é? "), .init(.assistant, "b"), .init(.user, ""),
    ])
    _ = try template.prompt(conversation)
    _ = try template.response("an answer", to: conversation)
  }
}
