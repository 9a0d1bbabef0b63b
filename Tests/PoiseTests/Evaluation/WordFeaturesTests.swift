import Foundation
import Testing

@testable import Poise

@Suite struct WordFeaturesTests {
  @Test(arguments: [
    ("Tea, tea!", ["tea", ",", "tea", "!"]), ("don't you’d 'so'", ["don't", "you’d", "'", "so", "'"]),
    ("ÉTÉ 2nd e\u{301}", ["été", "2nd", "e", "\u{301}"]), (" \n\t", []), ("a_b...", ["a", "_", "b", ".", ".", "."]),
    ("rock'n'roll 90's'", ["rock'n'roll", "90's", "'"]),
  ])
  func textsAreLowerCasedWordsAndMarks(text: String, words: [String]) {
    #expect(WordSplitter.words(of: text).map { Array($0.unicodeScalars) } == words.map { Array($0.unicodeScalars) })
  }

  @Test func wordsAndNeighboursCountByTheirLogarithm() {
    var features = WordFeatures()
    let row = features.learn("tea tea Tea!")
    // tea (3), ! (1), ^tea, tea tea (2), tea !, !$
    #expect(features.count == 6)
    #expect(row.columns == Array(0..<6))
    let counts: [Double] = [3, 1, 1, 2, 1, 1]
    #expect(row.values == counts.map(log1p))
    #expect(features.row("tea tea Tea!") == row)
  }

  @Test func whatWasNotMetCountsForNothing() {
    var features = WordFeatures()
    _ = features.learn("good tea")
    // good, tea, ^good; good and tea are no neighbours here, and the last word is another.
    #expect(features.row("good green tea leaves").columns == [0, 1, 2])
    #expect(features.row("").columns.isEmpty)
    #expect(features.count == 5)
  }
}
