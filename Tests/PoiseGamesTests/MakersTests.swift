import PoiseFiles
import PoiseGames
import Testing

@Suite struct MakersTests {
  @Test func kindsOfVotersPreferInACircle() throws {
    let game = try PreferenceGame.voterTypes(epsilon: 0.12, reference: [0.5, 0.25, 0.25])
    let shares = [1.0 / 3 - 0.12, 1.0 / 3 + 0.06, 1.0 / 3 + 0.06]
    #expect(abs(game[1, 0] - (0.5 + shares[0] / 2)) < 1e-15)
    #expect(abs(game[0, 2] - (0.5 + shares[1] / 2)) < 1e-15)
    #expect(abs(game[2, 1] - (0.5 + shares[2] / 2)) < 1e-15)
    #expect(game.reference == [0.5, 0.25, 0.25])
  }

  @Test func throwsOfDiceAreCounted() throws {
    let game = try PreferenceGame.dice([[1, 2], [2], [0, 2, 5, 6]])
    #expect(game[0, 1] == 0.25, "one tie in two throws")
    #expect(game[0, 2] == (1 + 1.5) / 8)
    #expect(game[2, 1] == 2.5 / 4)
  }

  @Test func votesAreShares() throws {
    let game = try PreferenceGame.votes([[9, 3, 0.5], [1, 0, 2], [0.5, 0, 0]], data: [1, 0, 0], rewards: [1, 2, 3])
    #expect(game[0, 1] == 0.75)
    #expect(game[0, 2] == 0.5, "a tie counts half on both sides")
    #expect(game[1, 2] == 1)
    #expect(game[0, 0] == 0.5, "the diagonal says nothing")
    #expect(game.data == [1, 0, 0])
    #expect(game.rewards == [1, 2, 3])
  }

  @Test func pairsWithoutVotesAreTiesOnlyWhereSomebodySaysSo() throws {
    let wins: [[Double]] = [[0, 3, 0], [1, 0, 2], [0, 0, 0]]
    let error = #expect(throws: GameError.unseenPair(0, 2)) { try PreferenceGame.votes(wins) }
    #expect(error?.description.contains("No votes compare action 0 with action 2") == true)
    #expect(error?.category == .badData)
    let game = try PreferenceGame.votes(wins, unseen: .ties)
    #expect([game[0, 1], game[0, 2], game[1, 2]] == [0.75, 0.5, 1])
  }

  @Test func votesThatNobodyCanCastAreRefused() {
    for value in [-1, .infinity] {
      #expect(throws: GameError.badVotes(row: 1, column: 0, value: value)) {
        try PreferenceGame.votes([[0, 1], [value, 0]])
      }
    }
    let error = #expect(throws: GameError.self) { try PreferenceGame.votes([[0, .nan], [1, 0]]) }
    #expect(error?.description.contains("The votes for action 0 over action 1 are nan") == true)
    #expect(throws: GameError.notSquare(row: 1, expected: 2, found: 1)) { try PreferenceGame.votes([[0, 1], [1]]) }
    #expect(throws: GameError.noActions) { try PreferenceGame.votes([]) }
  }
}
