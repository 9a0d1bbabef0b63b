// swift-tools-version: 6.2
// Throughput of Poise's kernels and steps. A package of its own, so that building `poise` does not build its dependencies.
import PackageDescription

/// The plugin runs executables whose folder stands in one called Benchmarks: this one.
func suite(_ name: String, _ products: String...) -> Target {
  .executableTarget(
    name: name,
    dependencies: [.product(name: "Benchmark", package: "benchmark")] + products.map { .product(name: $0, package: "poise") },
    path: name,
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

let package = Package(
  name: "poise-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "poise", path: ".."),
    // No traits: they interpose malloc and the runtime, which Poise's benchmarks do not count.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    suite("Kernels", "PoiseBench", "PoiseKernels"),
    suite("Steps", "PoiseBench", "PoiseModel"),
  ]
)
