// swift-tools-version: 6.2
// Poise: Preference Optimisation In a Swift Engine.
//
// The map of the house. Floors import downwards only; SwiftPM enforces it.
//
//   floor 0  COpenBLAS, CLAPACKE   the names of the C libraries; a module map and a shim header, no logic
//            CLanes                names for the compiler's vector builtins
//            PoiseDigest           SHA-256, by which checkpoints and data are known
//   floor 1  PoiseObjectives       preference maths: log-probabilities in, a loss and coefficients out
//            PoiseKernels          arithmetic on rows of floats, forward and backward, and the choice of instruction set;
//                                  Rows/ holds the sources, compiled once per instruction set through symbolic links
//            PoiseFiles            bytes of the outside world: JSON that keeps order, whole-file replacement, errors with a place
//            PoiseRandom           random numbers keyed by what they are for
//   floor 2  PoiseModel            language models one can differentiate and sample: the transformer, and a table for whom all can
//                                  be enumerated; memory, threads, BLAS, optimisers, checkpoints, profiles
//            PoiseText             text to token ids and back; conversations and the templates that write them; data files; the
//                                  built-in task
//            PoiseGames            tabular preference games: equilibrium, distance from it, where algorithms end and how they
//                                  get there
//            PoiseReport           charts as SVG, reports as HTML and Markdown, their data as CSV, event files for TensorBoard
//            PoiseTwins            the kernels once more as loops over doubles, their specification; numbers to try them on
//   floor 3  Poise                 algorithms, sampling, annotating, judges, training, evaluation
//            PoiseKernelCases      every kernel on rows of any shape beside its twin: one description, to be tested and to be timed
//   floor 4  PoiseStudy            methods compared on a task as the paper does it: search, seeds, tables; every run a command of its own;
//                                  reports of studies and of runs
//            PoiseBench            throughput: kernels and steps timed against the machine's limits and against other engines
//   floor 5  PoiseCLI              the `poise` command: options in, records and tables out
//
//   tests    PoiseTestSupport      finite differences, tabular policies in double precision, allocation counting
//   bench    Benchmarks/           a nested package, so that building `poise` does not build its dependencies
//   fuzz     Fuzzing/              another, built with other flags: every parser under libFuzzer
//
// Matrix products are kernels; one file calls OpenBLAS, to compare (PoiseModel/Matrices/MatrixProduct.swift), one calls LAPACKE (PoiseGames/LinearSystem.swift), one
// owns threads (PoiseModel/Threads/WorkerPool.swift). British spelling in prose; names in code follow the ecosystem's.
import PackageDescription

/// For what is too slow without, in debug builds too (a later -O wins); -wmo brings the other two flags with it under SwiftPM.
let optimized = ["-O", "-wmo", "-disable-batch-mode", "-num-threads", "1"]

/// Kernels are optimised as one module, or lanes would not be inlined across files. Square roots of IEEE need no errno, and
/// vectorise without.
func kernelTarget(_ name: String, instructionSet: String?) -> Target {
  let march = instructionSet.map { ["-Xcc", "-march=\($0)"] } ?? []
  return .target(
    name: name, dependencies: ["CLanes"],
    swiftSettings: [.unsafeFlags(optimized + ["-Xcc", "-fno-math-errno"] + march), .enableExperimentalFeature("Lifetimes")])
}

#if arch(x86_64)
  let kernelTargets = [
    kernelTarget("PoiseKernelsAVX2", instructionSet: "x86-64-v3"),
    kernelTarget("PoiseKernelsAVX512", instructionSet: "x86-64-v4"),
  ]
#else
  let kernelTargets = [kernelTarget("PoiseKernelsNative", instructionSet: nil)]
#endif

/// For what waits for people, files and other modules all day: optimising the command's own lines takes half a minute of every clean
/// build, at its very end, when there is nothing else to do beside it; those of reports and studies stand just before them.
let unoptimized: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// Test targets that are built where not all are: `make allocations` needs two of them in an optimised build, which takes its time.
let chosenTests = Context.environment["POISE_TEST_TARGETS"]?.split(separator: " ").map(String.init)

/// Lending a span of an arena needs lifetime annotations.
let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let package = Package(
  name: "poise",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "poise", targets: ["PoiseCLI"]),
    .library(name: "Poise", targets: ["Poise"]),
    .library(name: "PoiseFiles", targets: ["PoiseFiles"]),
    .library(name: "PoiseObjectives", targets: ["PoiseObjectives"]),
    .library(name: "PoiseKernels", targets: ["PoiseKernels"]),
    .library(name: "PoiseModel", targets: ["PoiseModel"]),
    .library(name: "PoiseStudy", targets: ["PoiseStudy"]),
    .library(name: "PoiseText", targets: ["PoiseText"]),
    .library(name: "PoiseGames", targets: ["PoiseGames"]),
    .library(name: "PoiseBench", targets: ["PoiseBench", "PoiseKernelCases"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: (kernelTargets + [
    // MARK: floor 0
    .systemLibrary(name: "CLanes", path: "CSystemLibs/CLanes"),
    .target(name: "PoiseDigest", swiftSettings: [.unsafeFlags(optimized)]),
    .systemLibrary(
      name: "COpenBLAS", path: "CSystemLibs/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", path: "CSystemLibs/CLAPACKE", pkgConfig: "lapacke",
      providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),

    // MARK: floor 1
    .target(name: "PoiseObjectives"),
    .target(name: "PoiseKernels", dependencies: kernelTargets.map { .byName(name: $0.name) }, exclude: ["Rows"]),
    .target(name: "PoiseFiles", dependencies: ["PoiseDigest"]),
    .target(name: "PoiseRandom"),

    // MARK: floor 2
    .target(
      name: "PoiseModel", dependencies: ["PoiseKernels", "PoiseFiles", "PoiseRandom", "COpenBLAS"], swiftSettings: lifetimes),
    .target(name: "PoiseText", dependencies: ["PoiseFiles", "PoiseRandom"]),
    .target(name: "PoiseReport", dependencies: ["PoiseFiles"], swiftSettings: unoptimized),
    .target(name: "PoiseTwins", dependencies: ["PoiseRandom"], swiftSettings: [.unsafeFlags(optimized)]),
    .target(name: "PoiseGames", dependencies: ["PoiseObjectives", "PoiseFiles", "PoiseRandom", "CLAPACKE"]),

    // MARK: floors 3, 4 and 5
    .target(
      name: "Poise",
      dependencies: [
        "PoiseObjectives", "PoiseKernels", "PoiseModel", "PoiseText", "PoiseGames", "PoiseFiles", "PoiseDigest", "PoiseRandom",
      ], swiftSettings: lifetimes),
    .target(name: "PoiseKernelCases", dependencies: ["PoiseKernels", "PoiseModel", "PoiseTwins"], swiftSettings: lifetimes),
    .target(
      name: "PoiseBench",
      dependencies: ["Poise", "PoiseObjectives", "PoiseKernels", "PoiseKernelCases", "PoiseModel", "PoiseFiles", "PoiseRandom"],
      swiftSettings: lifetimes),
    .target(
      name: "PoiseStudy", dependencies: ["Poise", "PoiseModel", "PoiseFiles", "PoiseRandom", "PoiseReport", "PoiseText"],
      swiftSettings: unoptimized),
    .executableTarget(
      name: "PoiseCLI",
      dependencies: [
        "Poise", "PoiseBench", "PoiseStudy", "PoiseDigest", "PoiseGames", "PoiseKernelCases",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "Yams",
      ], swiftSettings: unoptimized),

    // MARK: tests
    .target(name: "CAllocationCounter", path: "Tests/Support/CAllocationCounter"),
    .target(name: "PoiseTestSupport", dependencies: ["PoiseFiles", "PoiseRandom", "CAllocationCounter"]),
    .testTarget(name: "PoiseFilesTests", dependencies: ["PoiseFiles", "PoiseRandom", "PoiseTestSupport"]),
    .testTarget(name: "PoiseKernelsTests", dependencies: ["PoiseKernels", "PoiseKernelCases", "PoiseTwins", "PoiseTestSupport"]),
    .testTarget(name: "PoiseObjectivesTests", dependencies: ["PoiseObjectives", "PoiseTestSupport"]),
    .testTarget(name: "PoiseGamesTests", dependencies: ["PoiseGames", "PoiseRandom", "PoiseTestSupport"]),
    .testTarget(
      name: "PoiseModelTests", dependencies: ["PoiseModel", "PoiseKernelCases", "PoiseTwins", "PoiseTestSupport"],
      swiftSettings: lifetimes),
    .testTarget(name: "PoiseTextTests", dependencies: ["PoiseDigest", "PoiseText", "PoiseTestSupport"]),
    .testTarget(
      name: "PoiseTests", dependencies: ["Poise", "PoiseGames", "PoiseRandom", "PoiseTwins", "PoiseTestSupport"],
      swiftSettings: lifetimes),
    .testTarget(
      name: "PoiseBenchTests", dependencies: ["PoiseBench", "PoiseKernels", "PoiseKernelCases", "PoiseModel", "PoiseTestSupport"]),
    .testTarget(name: "PoiseReportTests", dependencies: ["PoiseReport", "PoiseTestSupport"]),
    .testTarget(name: "PoiseStudyTests", dependencies: ["PoiseStudy", "PoiseReport", "PoiseTestSupport"]),
    .testTarget(name: "PoiseCLITests", dependencies: ["PoiseCLI", "PoiseTestSupport"], swiftSettings: unoptimized),
  ]).filter { !$0.isTest || chosenTests?.contains($0.name) ?? true }
)
