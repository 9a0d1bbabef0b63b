/// A page of HTML that needs nothing beside itself, and is well-formed XML too.
extension Document {
  /// - Parameter language: of its words.
  public func html(language: String = "en") -> String {
    let head = [
      "<!DOCTYPE html>", "<html lang=\"\(language)\">", "<head>", "<meta charset=\"utf-8\"/>",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
      "<meta name=\"color-scheme\" content=\"light dark\"/>", "<title>\(title.asMarkupText)</title>",
      "<style>\n\(ChartTheme.css)\n\(Self.css)\n</style>", "</head>", "<body>", "<main>", "<h1>\(title.asMarkupText)</h1>",
    ]
    let parts = blocks.enumerated().map { html($0.element, anchor: "part-\($0.offset)") }
    return (head + [contents] + parts + ["</main>", "</body>", "</html>", ""]).joined(separator: "\n")
  }

  /// Links to the headings of the second level.
  private var contents: String {
    let links = blocks.enumerated().compactMap { index, block -> String? in
      guard case .heading(2, let text) = block else { return nil }
      return "<a href=\"#part-\(index)\">\(text.asMarkupText)</a>"
    }
    return links.count < 2 ? "" : "<nav>\(links.joined(separator: " "))</nav>"
  }

  private func html(_ block: Block, anchor: String? = nil) -> String {
    switch block {
    case .heading(let level, let text):
      let id = anchor.map { " id=\"\($0)\"" } ?? ""
      return "<h\(level)\(id)>\(text.asMarkupText)</h\(level)>"
    case .paragraph(let prose): return "<p>\(prose.html)</p>"
    case .table(let table): return html(table)
    case .figures(let figures): return "<div class=\"figures\">\n\(figures.map(html).joined(separator: "\n"))\n</div>"
    case .code(let text): return "<pre>\(text.asMarkupText)</pre>"
    case .details(let summary, let inner):
      let body = inner.map { html($0) }.joined(separator: "\n")
      return "<details>\n<summary>\(summary.asMarkupText)</summary>\n\(body)\n</details>"
    }
  }

  private func html(_ table: Table) -> String {
    let head = table.header.map { "<th scope=\"col\">\($0.asMarkupText)</th>" }.joined()
    let rows = table.rows.map { row -> String in
      let cells = row.enumerated().map { index, cell in
        index == 0 ? "<th scope=\"row\">\(cell.html)</th>" : "<td>\(cell.html)</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let style = table.isNumeric ? "numbers" : "words"
    return "<div class=\"wide\"><table class=\"\(style)\">\n<thead><tr>\(head)</tr></thead>\n<tbody>\n"
      + rows.joined(separator: "\n") + "\n</tbody></table></div>"
  }

  private func html(_ figure: Figure) -> String {
    let style = figure.drawing.width > 500 ? " class=\"large\"" : ""
    return "<figure\(style)>\n<div class=\"wide\">\(figure.drawing.inline)</div>\n"
      + "<figcaption>\(figure.caption.html)</figcaption>\n</figure>"
  }

  /// Wide things scroll by themselves, so that the page never does; on paper nothing is folded away by colours alone.
  private static let css = """
    body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 1160px; margin: 0 auto; padding: 16px 16px 64px; }
    h1 { font-size: 1.7em; line-height: 1.2; } h2 { font-size: 1.3em; margin: 2em 0 0.4em; border-bottom: 1px solid var(--faint); }
    h3 { font-size: 1.05em; margin: 1.6em 0 0.4em; } p { max-width: 46em; margin: 0.6em 0; }
    nav { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 0.9em; } a { color: var(--series-0); }
    .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.9em; margin: 0.6em 0; }
    th, td { padding: 4px 10px; border-bottom: 1px solid var(--faint); text-align: left; vertical-align: top; }
    th { font-weight: 600; } thead th { color: var(--quiet); vertical-align: bottom; } tbody th { white-space: nowrap; }
    table.numbers td, table.numbers thead th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    table.words td { min-width: 9em; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px 32px; }
    figure { margin: 8px 0; max-width: 100%; } figure svg { display: block; max-width: 100%; height: auto; }
    figcaption { font-size: 0.85em; color: var(--quiet); max-width: 34em; }
    pre { overflow-x: auto; font-size: 12px; line-height: 1.4; border: 1px solid var(--faint); padding: 8px; }
    code { font-size: 0.9em; } details { margin: 0.8em 0; } summary { cursor: pointer; color: var(--quiet); }
    .right, .aside, .wrong { padding: 0 2px; border-radius: 3px; }
    .right { border-bottom: 2px solid var(--series-2); } .aside { border-bottom: 2px dotted var(--series-4); }
    .wrong { border-bottom: 2px dashed var(--below); }
    .right b { color: var(--series-2); } .aside b { color: var(--series-4); } .wrong b { color: var(--series-1); }
    @media print { main { max-width: none; padding: 0; } body { font-size: 11px; } nav { display: none; }
      .wide, pre { overflow: visible; } th, td { white-space: normal !important; padding: 3px 5px; }
      td { overflow-wrap: anywhere; } table.words td { min-width: 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8px; }
      figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } figure svg { max-width: 330px; min-width: 0 !important; }
      .figures { display: block; } figure { display: inline-block; vertical-align: top; margin-right: 16px; max-width: 330px; }
      figure.large { display: block; max-width: none; } figure.large svg { max-width: 560px; } }
    """
}

extension Prose {
  fileprivate var html: String {
    spans.map { span in
      let text = span.text.asMarkupText
      switch span.style {
      case .plain: return text
      case .strong: return "<strong>\(text)</strong>"
      case .code: return "<code>\(text)</code>"
      case .right: return "<span class=\"right\"><b>\(span.style.sign)</b>\(text)</span>"
      case .aside: return "<span class=\"aside\"><b>\(span.style.sign)</b>\(text)</span>"
      case .wrong: return "<span class=\"wrong\"><b>\(span.style.sign)</b>\(text)</span>"
      }
    }.joined()
  }
}
