import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What a parser of XML says of a text.
struct XMLReading {
  let isWellFormed: Bool
  /// Where it stopped.
  let line: Int

  init(_ text: String) throws {
    let parser = XMLParser(data: Data(text.utf8))
    isWellFormed = parser.parse()
    line = parser.lineNumber
  }
}
