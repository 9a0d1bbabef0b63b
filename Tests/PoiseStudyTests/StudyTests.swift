import PoiseFiles
import Testing

@testable import PoiseStudy

@Suite struct StudyTests {
  @Test func settingsAreAllCombinationsTheLastOptionFastest() {
    let method = Study.Method(
      name: "ipo-md", algorithm: "ipo-md", options: RunOptions(),
      swept: [.init(option: "tau", values: ["1", "2"]), .init(option: "mixture", values: ["0", "0.5"])])
    #expect(
      method.settings.map { $0.entries.map(\.value) } == [["1", "0"], ["1", "0.5"], ["2", "0"], ["2", "0.5"]])
  }
}
