// swift-tools-version: 6.2
// Every parser of Poise under libFuzzer. A package of its own, because it is built with other flags; `make fuzz` has them.
import PackageDescription

let package = Package(
  name: "poise-fuzzing",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "poise", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CFuzzer", path: "CFuzzer"),
    .executableTarget(
      name: "PoiseFuzz",
      dependencies: [
        "CFuzzer", .product(name: "Poise", package: "poise"), .product(name: "PoiseFiles", package: "poise"),
        .product(name: "PoiseGames", package: "poise"), .product(name: "PoiseModel", package: "poise"),
        .product(name: "PoiseStudy", package: "poise"), .product(name: "PoiseText", package: "poise"),
        // What CommandLine/ links to is the command's own reader of YAML, which is in no library.
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "Yams",
      ],
      // libFuzzer's library brings the C++ that gold cannot read.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ]
)
