import PoiseGames

/// Games as JSON and CSV: a matrix has its entries in the file; comparisons, each of which may name two new actions, are of 2,048
/// actions at most.
enum GameTarget: FuzzTarget {
  static let name = "game"
  static let dictionary = [
    "\"preferences\":", "\"votes\":", "\"reference\":", "\"data\":", "\"rewards\":", "\"actions\":", "first,second,preference",
    "winner,loser", "weight", "\"\"", "\r\n", "1e308", "0.5", "\u{FEFF}",
  ]

  static let seeds = [
    #"{"preferences": [[0.5, 0.75], [0.25, 0.5]], "reference": [0.5, 0.5], "data": [1, 0], "rewards": [1, -1], "actions": ["a", "b"]}"#,
    #"{"votes": [[0, 3, 1], [1, 0, 2], [2, 2, 0]]}"#, ",a,b\na,0.5,0.75\nb,0.25,0.5\n",
    "first,second,preference\na,b,0.75\nb,c,1\n",
    "winner,loser,weight\n\"a\"\"x\",b,2\nb,\"a\"\"x\",1e0\n\"c\n\",b,0\n", "\u{FEFF}winner,loser\na,b\n",
  ].map { Array($0.utf8) }

  static func run(_ input: [UInt8]) throws {
    let path = Scratch.file("game", input)
    _ = try? GameFile.read(path, unseen: .ties)
    _ = try GameFile.read(path)
  }
}
