import Testing

@testable import PoiseText

/// Jinja as chat templates use it. What the templates here make was found with Hugging Face transformers 5.24.0 and Jinja 3.1.6.
@Suite struct TemplateTests {
  static var variables: [String: TemplateValue] {
    [
      "messages": .list([
        .dictionary([("role", .string("system")), ("content", .string(" Be brief. "))]),
        .dictionary([("role", .string("user")), ("content", .string("Hi"))]),
      ])
    ]
  }

  func render(_ text: String) throws(TemplateError) -> String { try Template(text).render(Self.variables) }

  @Test(arguments: [
    ("  {% if true %}\n  x\n  {%- endif %}\n  y", "  x  y"),
    ("a\n  {# c #}\nb\n{#- d -#}\n c", "a\nbc"),
    ("{%+ if true %} x {% endif +%}\n y", " x \n y"),
    ("{{- ' q ' -}}  z  {{ 1 }}\n\n", " q z  1\n"),
    ("{%- for m in messages %}\n\n    {{- m.role }}\n    {{ m.role }}\n{%- endfor %}", "system\n    systemuser\n    user"),
    ("\t {% if 1 %}\n \t{{ 'a' }} {% endif %} \n", " \ta  "),
    ("\r\n{% if 1 %}\r\nx\r\n{% endif %}", "\nx\n"),
    ("{% if messages[0].role is equalto 'user' and 1 %}u{% elif 1 %}v{% else %}w{% endif %}", "v"),
    (
      "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ loop.last }}{{ m.content }}{% else %}none{% endfor %}",
      "1TrueHi"
    ),
    ("{% for m in [] %}x{% else %}none{% endfor %}", "none"),
    ("{% for a, b in messages[1].items() %}{{ a }}={{ b }};{% endfor %}", "role=user;content=Hi;"),
    ("{% set x = 1 %}{% for m in messages %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "221"),
    ("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", "2"),
    (
      "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else 'first' }}{% if not loop.last %}{{ loop.nextitem.role }}{% endif %}{% endfor %}",
      "firstusersystem"
    ),
    ("{% generation %}said{% endgeneration %}", "said"),
    ("{{ 7 // 2 ~ -7 // 2 ~ -7 % 3 ~ 7 % 3 }} {{ -3 + 5 }} {{ - 3 | string }}", "3-421 2 -3"),
    ("{{ 'abcdef'[1:-1:2] ~ 'abc'[::-1] ~ 'abc'[5:] ~ 'abc'[-2:] ~ messages[::-1][0].content }}", "bdcbabcHi"),
    ("{{ not 1 == 2 }} {{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ (1 == 2) != true }} {{ 'a' < 'b' }}", "True True False True True"),
    ("{{ 0 or '' or 'last' }} {{ 1 and 'x' }} {{ true and not false or none }}", "last x True"),
    ("{{ 'x' if 1 == 2 else 'y' if 0 else 'z' }}{{ 'a' if false }}", "z"),
    ("{{ 'a' in 'cab' }} {{ 'z' not in ['a'] }} {{ 'role' in messages[0] }}", "True True True"),
    ("{{ none }} {{ true }} {{ 3 }} {{ nothing }}|{{ messages[0].nothing }}|{{ messages[9] }}|", "None True 3 |||"),
    ("{{ 'a' 'b' }}{{ \"q\\\"\\x41\\u00e9\\n\" }}{{ '}}' }}", "abq\"A\u{E9}\n}}"),
    ("{{ {'a': {'b': 'c'}}['a']['b'] }}{{ [1, [2]][1][0] }}", "c2"),
    ("{{ 'e\u{301}' == '\u{E9}' }} {{ 'e\u{301}'|length }}", "False 2"),
    (
      "{{ ' a '.strip() + 'xxaxx'.strip('x') ~ 'xxa'.lstrip('x') ~ 'axx'.rstrip('x') }}{{ messages[0].content | trim }}",
      "aaaaBe brief."
    ),
    ("{{ 'a,b,c'.split(',')|join('-') }} {{ ' a  b '.split()|join('-') }}", "a-b-c a-b"),
    (
      "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('ab') }} {{ 'a\nb'.replace('\n', '-') | replace('a', 'c') }}",
      "True False c-b"
    ),
    ("{{ 'hELLO'|capitalize }}{{ 'x' | upper }}{{ 'X'.lower() }}", "HelloXx"),
    ("{{ messages[1].get('role') }}{{ messages[1].get('no', 'other') }}", "userother"),
    ("{{ nothing is defined }} {{ nothing|default('d') }} {{ ''|default('e', true) }}|{{ '' | default('e') }}", "False d e|"),
    (
      "{{ messages[0] is mapping }} {{ 'a' is string }} {{ messages is iterable }} {{ none is not none }} {{ 1 is number }}",
      "True True True False True"
    ),
    ("{{ messages|length }}{{ 'abc'|first }}{{ 'abc'|last }}{{ range(2, 5)|list|join }}", "2ac234"),
  ])
  func whatJinjaMakesIsMade(template: String, expected: String) throws {
    let made = try render(template)
    #expect(made.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(made.debugDescription)")
  }

  @Test(arguments: [
    ("{% macro f(x) %}{{ x }}{% endmacro %}", "the statement `macro` is not known here (line 1)"),
    ("a\n{% break %}", "the statement `break` is not known here (line 2)"),
    ("{% if 1 %}", "a block has no elif or else or endif"),
    ("{% endif %}", "the statement `endif` is not known"), ("{{ 1", "the tag of line 1 does not end"),
    ("{# x", "the comment of line 1 does not end"), ("{{ 'x }}", "the string of line 1 does not end"),
    ("{{ 1.5 }}", "a decimal number"), ("{{ a ? b }}", "a `?`"), ("{{ (1 }}", "the tag of line 1 does not end"),
    ("{{ 1 2 }}", "nothing was expected where `2` is"), ("{{ }}", "a value is missing"),
    ("{{ a[ ] }}", "a subscript is not complete"),
    ("{% set a, b = c %}", "only `set name = value`"), ("{{ '\\d' }}", "the escape \\d"),
  ])
  func whatIsNoTemplateIsRefusedWhenRead(template: String, problem: String) {
    let error = #expect(throws: TemplateError.self) { try Template(template) }
    guard case .unusable(let words)? = error else { Issue.record("\(String(describing: error))"); return }
    #expect(words.contains(problem), "\(words)")
  }

  /// Whoever runs a template runs down its depth.
  @Test func whatIsNestedTooDeepIsRefused() {
    func nested(_ opening: String, _ closing: String = "") -> String {
      String(repeating: opening, count: 1_000) + "1" + String(repeating: closing, count: 1_000)
    }
    let values = [
      nested("(", ")"), nested("[", "]"), nested("not "), nested("-"), nested("1 if 1 else "), nested("a[", "]"),
      nested("1 is in "),
    ]
    for template in values.map({ "{{ \($0) }}" }) + [nested("{% if 1 %}", "{% endif %}")] {
      let error = #expect(throws: TemplateError.self) { try Template(template) }
      guard case .unusable(let words)? = error else {
        Issue.record("\(template.prefix(20)): \(String(describing: error))"); continue
      }
      #expect(words.contains("nested more than 64 deep"), "\(words)")
    }
  }

  @Test(arguments: [
    ("{{ messages | tojson }}", "the filter `tojson` is not known here"), ("{{ 5 is odd }}", "the test `odd` is not known here"),
    ("{{ strftime_now('%Y') }}", "it calls `strftime_now`, which is not known here"),
    ("{{ 'a'.title() }}", "it calls `title`, which is not known"), ("{{ messages }}", "it prints a list"),
    ("{{ nothing.more }}", "it asks for `more` of `nothing`, which is not defined,"),
    ("{{ 'a' + 1 }}", "it computes a string + a number"), ("{{ 1 + nothing }}", "`nothing`, which is not defined,"),
    ("{{ 9223372036854775807 + 1 }}", "it computes"), ("{{ 1 // 0 }}", "it computes"),
    ("{{ 'a'.split('') }}", "`split` is called"),
    ("{{ 'a'.strip(1) }}", "`strip` is called"), ("{% for i in range(10001) %}{% endfor %}", "it counts further"),
    ("{% for a, b in [1] %}{% endfor %}", "it takes a number for 2 values"),
    ("{% for a in 1 %}{% endfor %}", "it goes through a number"),
    ("{% set x.y = 1 %}", "`x` is no namespace"), ("{{ 'abc'[::0] }}", "steps of 0"),
    ("{{ 'a' < 1 }}", "whether a string < a number"),
  ])
  func whatIsNotKnownIsRefusedOnlyWhereItIsReached(template: String, problem: String) throws {
    let error = #expect(throws: TemplateError.self) { try render(template) }
    guard case .unusable(let words)? = error else { Issue.record("\(String(describing: error))"); return }
    #expect(words.contains(problem), "\(words)")
    #expect(try render("{% if tools %}\(template){% endif %}") == "")
  }

  @Test func exceptionsAreTheTemplatesOwnWords() {
    #expect(throws: TemplateError.raised("no system")) { try render("{{ raise_exception('no system') }}") }
  }

  @Test func noTemplateRunsOrGrowsWithoutEnd() {
    let tooMuch = TemplateError.unusable("it takes too many steps, or makes too much text")
    let loops = "{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}"
    #expect(throws: tooMuch) { try render(loops) }
    let growth = "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"
    #expect(throws: tooMuch) { try render(growth) }
    let lists = "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}"
    #expect(throws: tooMuch) { try render(lists) }
  }

  /// The loops of recursive descent are loops, so that a long chain is no deep one.
  /// Each doubles something thirty times, or keeps it within itself, and does with it what would go through all of it.
  @Test(arguments: [
    "\(doubling("[ns.a, ns.a]")){{ ns.a == ns.a }}", "\(doubling("[ns.a]", 10_000)){{ ns.a == ns.a }}",
    "\(doubling("[ns]"))", "\(doubling("namespace(a=ns)"))", "\(doubling("ns.a ~ ns.a", 20)){{ ns.a | list | length }}",
    "\(doubling("ns.a ~ ns.a", 20)){% for i in range(10000) %}{{ ns.a == ns.a ~ '' }}{% endfor %}",
    "\(doubling("ns.a ~ ns.a", 20)){{ ns.a.replace('x', ns.a) | length }}",
    "\(doubling("ns.a ~ ns.a", 22)){{ ns.a.split('x') | length }}",
    "\(doubling("ns.a ~ ns.a", 20)){% for i in range(10000) %}{{ 'y' in ns.a }}{% endfor %}",
  ])
  func whatIsMadeOfMadeThingsIsCounted(template: String) throws {
    #expect(throws: TemplateError.self) { try render(template) }
  }

  private static func doubling(_ value: String, _ count: Int = 30) -> String {
    "{% set ns = namespace(a='x') %}{% for i in range(\(count)) %}{% set ns.a = \(value) %}{% endfor %}"
  }

  @Test func longChainsAreNotDeep() throws {
    let count = 2_000
    #expect(try render("{{ " + Array(repeating: "1", count: count).joined(separator: " + ") + " }}") == String(count))
    #expect(try render("{% if 0 %}" + String(repeating: "{% elif 0 %}", count: count) + "{% else %}x{% endif %}") == "x")
  }
}
