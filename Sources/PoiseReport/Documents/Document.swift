/// A report: headings, paragraphs, tables and figures, which become a page of HTML, a file of Markdown, and files of data. All of them
/// say the same, because they are made of the same.
public struct Document: Sendable {
  public var title: String
  public var blocks: [Block]

  public enum Block: Sendable {
    case heading(Int, String)
    case paragraph(Prose)
    case table(Table)
    /// Side by side where there is room.
    case figures([Figure])
    /// Lines as they are.
    case code(String)
    /// What is shown when somebody asks for it, under a line that is always shown.
    case details(String, [Block])
  }

  public struct Table: Sendable {
    public var header: [String]
    public var rows: [[Prose]]
    /// Of the file that holds its data, without an ending; nil where there is none.
    public var name: String?
    /// Whether all columns but the first are numbers.
    public var isNumeric: Bool

    public init(_ header: [String], _ rows: [[Prose]], name: String? = nil, isNumeric: Bool = true) {
      (self.header, self.rows, self.name, self.isNumeric) = (header, rows, name, isNumeric)
    }

    /// Its words without their looks.
    var data: CSVTable { CSVTable(header, rows.map { $0.map(\.plain) }) }
  }

  public struct Figure: Sendable {
    /// Of its files, without an ending.
    public var name: String
    public var caption: Prose
    public var drawing: SVGDrawing
    public var data: CSVTable

    public init(name: String, caption: Prose, drawing: SVGDrawing, data: CSVTable) {
      (self.name, self.caption, self.drawing, self.data) = (name, caption, drawing, data)
    }
  }

  public init(_ title: String, _ blocks: [Block] = []) { (self.title, self.blocks) = (title, blocks) }

  /// Of all parts, folded ones too.
  public var figures: [Figure] {
    Self.flat(blocks).flatMap { block -> [Figure] in if case .figures(let figures) = block { figures } else { [] } }
  }

  /// What can be read by programs: of every figure, and of every table that has a name.
  public var data: [(name: String, table: CSVTable)] {
    Self.flat(blocks).flatMap { block -> [(name: String, table: CSVTable)] in
      switch block {
      case .figures(let figures): figures.map { ($0.name, $0.data) }
      case .table(let table): table.name.map { [($0, table.data)] } ?? []
      default: []
      }
    }
  }

  private static func flat(_ blocks: [Block]) -> [Block] {
    blocks.flatMap { block -> [Block] in if case .details(_, let inner) = block { flat(inner) } else { [block] } }
  }
}

/// Words, some of which look otherwise.
public struct Prose: Sendable, Equatable, ExpressibleByStringLiteral {
  public enum Style: Sendable, Equatable {
    case plain, strong, code
    /// Said rightly, said beside the point, said wrongly: a colour and a sign.
    case right, aside, wrong

    /// What tells the three apart without colours.
    var sign: String {
      switch self {
      case .plain, .strong, .code: ""
      case .right: "✓"
      case .aside: "○"
      case .wrong: "✗"
      }
    }
  }

  public struct Span: Sendable, Equatable {
    public var text: String
    public var style: Style
  }

  public private(set) var spans: [Span] = []

  public init(_ text: String = "", _ style: Style = .plain) { spans = text.isEmpty ? [] : [Span(text: text, style: style)] }

  public init(stringLiteral value: String) { self.init(value) }

  public static func + (a: Prose, b: Prose) -> Prose {
    var sum = a
    sum.spans += b.spans
    return sum
  }

  /// Without looks, signs of what is right and wrong included.
  public var plain: String { spans.map { $0.style.sign + $0.text }.joined() }
}
