import PoiseReport
import Testing

@Suite struct DocumentTests {
  private static var drawing: SVGDrawing {
    HeatMap(title: "matrix", rows: ["a"], columns: ["b"], cells: [[HeatMap.Cell(0.7, text: "0.7")]]).drawing
  }

  private static let document = Document(
    "A & B <i>",
    [
      .heading(2, "One"), .heading(2, "Two"),
      .paragraph(
        Prose("plain <b>, ") + Prose("strong", .strong) + Prose(" Nora", .right) + Prose("Porto", .wrong) + Prose("*x*", .code)),
      .table(.init(["", "p|q"], [["r_1", "0.5"], ["r_2", Prose("a\nb")]], name: "numbers")),
      .figures([.init(name: "matrix", caption: "What it shows.", drawing: drawing, data: CSVTable(["x"], [["1"]]))]),
      .details("More & more", [.code("poise <x>\nsecond"), .table(.init(["a"], [["1"]], name: "inner"))]),
    ])

  @Test func pagesAreWellFormedAndNeedNothingElse() throws {
    let page = Self.document.html()
    try requireWellFormed(page)
    #expect(!page.contains("<script") && !page.contains("src=") && !page.contains("<link") && !page.contains("url("))
    #expect(page.contains("plain &lt;b&gt;") && page.contains("<pre>poise &lt;x&gt;\nsecond</pre>"))
  }

  @Test func headingsAreWhereTheContentsLead() {
    let page = Self.document.html()
    #expect(page.contains("<a href=\"#part-0\">One</a>") && page.contains("<h2 id=\"part-0\">One</h2>"))
  }

  @Test func rightAndWrongDifferBySignsAndNotOnlyByColour() {
    let page = Self.document.html()
    #expect(page.contains("<b>✓</b> Nora") && page.contains("<b>✗</b>Porto"))
    #expect(Self.document.markdown(figures: "f").contains("✓ Nora✗Porto"))
  }

  @Test func markdownHasTablesOfOneLineARowAndFiguresAsFiles() {
    let text = Self.document.markdown(figures: "report")
    #expect(text.contains("| r\\_2 | a b |") && text.contains("| --- | ---: |"))
    #expect(text.contains("![matrix](report/matrix.svg)"))
    #expect(text.contains("plain \\<b\\>, **strong**"))
    #expect(text.contains("    poise <x>\n    second"))
  }

  @Test func dataAreOfFiguresAndNamedTablesFoldedOnesToo() {
    #expect(Self.document.data.map(\.name) == ["numbers", "matrix", "inner"])
    #expect(Self.document.figures.map(\.name) == ["matrix"])
  }

  @Test func fieldsAreQuotedWhereReadersWouldSplitThem() {
    let table = CSVTable(["a", "b,c"], [["say \"no\"", "two\nlines"], ["", " x"], ["0.5", "plain text"]])
    #expect(table.text == "a,\"b,c\"\r\n\"say \"\"no\"\"\",\"two\nlines\"\r\n,\" x\"\r\n0.5,plain text\r\n")
  }
}
