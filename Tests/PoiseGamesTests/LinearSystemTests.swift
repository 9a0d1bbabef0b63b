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
