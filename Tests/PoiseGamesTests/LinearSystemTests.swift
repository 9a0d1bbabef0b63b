import PoiseGames
import PoiseRandom
import Testing

@Suite struct LinearSystemTests {
  @Test func rowsAreRows() {
    // 2x + y = 4, y − z = −1, x + 3z = 10 at (1, 2, 3)
    let solution = LinearSystem.solve([2, 1, 0, 0, 1, -1, 1, 0, 3], [4, -1, 10])
    #expect(solution.map { largestDifference($0, [1, 2, 3]) < 1e-14 } == true)
  }

  @Test func singularSystemsHaveNoSolution() {
    #expect(LinearSystem.solve([1, 2, 2, 4], [1, 1]) == nil)
    #expect(LinearSystem.solve([.nan], [1]) == nil)
  }

  @Test func emptySystemsAreSolved() { #expect(LinearSystem.solve([], []) == []) }

  @Test func pinnedSystemsLeaveOneUnknownAndItsEquationOut() {
    // The Laplacian of a path with weights 2 and 3: constants are open, and the equations add up to zero.
    let laplacian: [Double] = [2, -2, 0, -2, 5, -3, 0, -3, 3]
    #expect(LinearSystem.solve(laplacian, [2, 1, -3]) == nil)
    for (pinned, expected) in [(0, [0.0, -1, -2]), (1, [1, 0, -1])] {
      var matrix = laplacian
      let solution = LinearSystem.solve(overwriting: &matrix, [2, 1, -3], pinning: pinned)
      #expect(solution.map { largestDifference($0, expected) < 1e-14 } == true)
    }
    var zero = [0.0]
    #expect(LinearSystem.solve(overwriting: &zero, [0], pinning: 0) == [0])
    var disconnected: [Double] = [1, -1, 0, -1, 1, 0, 0, 0, 0]
    #expect(LinearSystem.solve(overwriting: &disconnected, [1, -1, 0], pinning: 0) == nil)
  }

  @Test func leastSquaresFitALine() {
    // Through (0, 1), (1, 3), (2, 4): y = 7/6 + 3x/2.
    let solution = LinearSystem.leastSquares([1, 0, 1, 1, 1, 2], [1, 3, 4])
    #expect(solution.map { largestDifference($0, [7.0 / 6, 1.5]) < 1e-14 } == true)
  }

  @Test func leastSquaresAreShortestWhereTheyLeaveUnknownsOpen() {
    let solution = LinearSystem.leastSquares([1, 1, 2, 2], [4, 8])
    #expect(solution.map { largestDifference($0, [2, 2]) < 1e-14 } == true)
    #expect(LinearSystem.leastSquares([.nan, 1], [1, 1]) == nil)
  }

  @Test func productsOfSolutionsComeBack() throws {
    var generator = CounterGenerator(15)
    let count = 60
    let matrix = (0..<count * count).map { _ in generator.normal() }
    let right = (0..<count).map { _ in generator.normal() }
    let solution = try #require(LinearSystem.solve(matrix, right))
    let product = (0..<count).map { row in
      (0..<count).reduce(0.0) { $0 + matrix[row * count + $1] * solution[$1] }
    }
    #expect(largestDifference(product, right) < 1e-10)
  }
}
