import Foundation

/// The same as Markdown of GitHub's kind; figures are files beside it.
extension Document {
  /// - Parameter folder: of the figures' SVG files, as seen from the file.
  public func markdown(figures folder: String) -> String {
    let address = folder.addingPercentEncoding(withAllowedCharacters: Self.plainInAddresses) ?? folder
    return (["# \(title.escapedForMarkdown)"] + blocks.map { markdown($0, address) }).joined(separator: "\n\n") + "\n"
  }

  /// A space or a bracket would end an address.
  private static let plainInAddresses = CharacterSet(
    charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")

  private func markdown(_ block: Block, _ folder: String) -> String {
    switch block {
    case .heading(let level, let text): return String(repeating: "#", count: level) + " " + text.escapedForMarkdown
    case .paragraph(let prose): return prose.markdown
    case .table(let table): return markdown(table)
    case .figures(let figures):
      return figures.map { figure in
        "![\(figure.drawing.title.replacing("]", with: "\\]"))](\(folder)/\(figure.name).svg)\n\n\(figure.caption.markdown)"
      }.joined(separator: "\n\n")
    case .code(let text):
      return text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(separator: "\n")
    case .details(let summary, let inner):
      let body = inner.map { markdown($0, folder) }.joined(separator: "\n\n")
      return "<details><summary>\(summary.asMarkupText)</summary>\n\n\(body)\n\n</details>"
    }
  }

  private func markdown(_ table: Table) -> String {
    let rule = table.header.indices.map { $0 == 0 || !table.isNumeric ? "---" : "---:" }
    let lines = [table.header.map(\.escapedForMarkdown), rule] + table.rows.map { $0.map(\.markdown) }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}

extension Prose {
  fileprivate var markdown: String {
    spans.map { span in
      let text = span.text.escapedForMarkdown
      switch span.style {
      case .plain: return text
      case .strong: return "**\(text)**"
      case .code: return "`\(span.text.replacing("`", with: "'"))`"
      case .right, .aside, .wrong: return span.style.sign + text
      }
    }.joined()
  }
}

extension String {
  /// In one line, with a backslash before what Markdown would take for its own.
  fileprivate var escapedForMarkdown: String {
    var text = ""
    for character in split(whereSeparator: \.isNewline).joined(separator: " ") {
      if "\\`*_<>[]|#".contains(character) { text.append("\\") }
      text.append(character)
    }
    return text
  }
}
