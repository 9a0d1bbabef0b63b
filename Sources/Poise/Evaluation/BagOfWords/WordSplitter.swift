/// Splits text into lower-cased words and marks: runs of letters and digits, which may hold apostrophes inside (`don't`), and
/// every other character that is no white space by itself.
enum WordSplitter {
  static func words(of text: String) -> [String] {
    let scalars = Array(text.lowercased().unicodeScalars)
    var words: [String] = []
    var position = 0
    while position < scalars.count {
      var end = position + 1
      if isWordLike(scalars[position]) {
        while end < scalars.count, continuesWord(scalars, at: end) { end += 1 }
      }
      if !scalars[position].properties.isWhitespace { words.append(string(scalars[position..<end])) }
      position = end
    }
    return words
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var string = String.UnicodeScalarView()
    string.append(contentsOf: scalars)
    return String(string)
  }

  private static func continuesWord(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    if isWordLike(scalars[index]) { return true }
    let isApostrophe = scalars[index] == "'" || scalars[index] == "’"
    return isApostrophe && isWordLike(scalars[index - 1]) && index + 1 < scalars.count && isWordLike(scalars[index + 1])
  }

  private static func isWordLike(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}
