/// Where the prompt ends that two answers begin with.
enum ImplicitPrompt {
  /// What begins an answer, and a question, of an HH transcript.
  static let answerMark = "\n\nAssistant:"
  static let questionMark = "\n\nHuman:"
  private static let answerScalars = Array(answerMark.unicodeScalars)

  /// The prompt, and what is left of both answers behind it.
  static func split(_ chosen: String, _ rejected: String) -> (prompt: String, chosen: String, rejected: String) {
    let count = length(chosen, rejected)
    func cut(_ text: String) -> (Substring.UnicodeScalarView, Substring.UnicodeScalarView) {
      let border = text.unicodeScalars.index(text.startIndex, offsetBy: count)
      return (text.unicodeScalars[..<border], text.unicodeScalars[border...])
    }
    let (prompt, answer) = cut(chosen)
    return (String(prompt), String(answer), String(cut(rejected).1))
  }

  /// In Unicode scalars. Of a transcript: to the end of the last `\n\nAssistant:` that both have. Else: to the first
  /// difference, but a space before it belongs to the answers, as tokenizers have it.
  static func length(_ chosen: String, _ rejected: String) -> Int {
    let (chosen, rejected) = (Array(chosen.unicodeScalars), Array(rejected.unicodeScalars))
    let common = zip(chosen, rejected).prefix { $0 == $1 }.count
    if chosen.starts(with: questionMark.unicodeScalars), let end = endOfLastMark(in: chosen[..<common]) { return end }
    let differs = common < min(chosen.count, rejected.count)
    return differs && common > 0 && chosen[common - 1] == " " ? common - 1 : common
  }

  private static func endOfLastMark(in text: ArraySlice<Unicode.Scalar>) -> Int? {
    var end = text.endIndex
    while end >= answerScalars.count {
      if text[(end - answerScalars.count)..<end].elementsEqual(answerScalars) { return end }
      end -= 1
    }
    return nil
  }
}
