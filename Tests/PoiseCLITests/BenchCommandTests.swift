import Foundation
import PoiseFiles
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What times are is the machine's affair; that they are there, and what they stand beside, is tested.
@Suite struct BenchCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func programsGetLinesOfTheSameKeys() throws {
    let records = try PoiseProcess.succeed("bench", "--quick", "--filter", "rmsNorm", "--json").records()
    let keys = [
      "kernel", "shape", "isa", "threads", "ns", "gflops", "gbps", "bound", "fraction_of_limit", "max_ulp", "bound_by",
    ]
    for record in records {
      #expect(record.object?.keys == keys)
      #expect(["compute", "memory"].contains(record["bound"]?.string))
      #expect((record["bound"] == "memory") == (record["bound_by"] == "memory"))
      for key in ["ns", "gflops", "gbps", "fraction_of_limit"] { #expect(try #require(record[key]?.double) >= 0) }
    }
    let names = records.map { $0["kernel"]?.string ?? "" }
    #expect(Array(names.suffix(2)) == ["rmsNormForward", "rmsNormBackward"])
    #expect(names.dropLast(2).allSatisfy { $0.hasPrefix("limit.") } && names.count > 10)
    let forward = try #require(records.dropLast().last)
    #expect(forward["shape"] == "32×128" && forward["threads"]?.int == 1)
    #expect(try #require(forward["ns"]?.double) > 0)
    #expect(try #require(forward["max_ulp"]?.double) <= 4)
  }

  /// The smallest case of each workload that a debug build runs in no time.
  @Test(arguments: [
    ("k1", "1024x256"), ("k2", "1024x256"), ("k3", "1024x256"), ("k4", "V=256"), ("k7", "64x64x64"), ("e3", "tiny B=1"),
  ])
  func peersGetTheirOwnLines(workload: String, part: String) throws {
    let records = try PoiseProcess.succeed(
      "bench", "peers", workload, "--filter", part, "--repetitions", "1", "--budget", "0.01"
    ).records()
    #expect(!records.isEmpty)
    for record in records {
      #expect(record["workload"]?.string == workload)
      #expect(try #require(record["case"]?.string).contains(part))
      #expect(record["variant"]?.string?.isEmpty == false)
      #expect(try #require(record["t_s"]?.double) > 0)
      #expect(try #require(record["work"]?.object).members.allSatisfy { ($0.value.double ?? 0) > 0 })
    }
  }

  @Test func unknownWorkloadsAreRefused() throws {
    let process = try PoiseProcess(["bench", "peers", "k9"])
    #expect(process.status == 64 && process.errors.contains("k7"))
  }

  @Test func stepsHaveNoTwin() throws {
    let records = try PoiseProcess.succeed("bench", "kernels", "--quick", "--filter", "vocabularyHead", "--json").records()
    let head = try #require(records.last)
    #expect(head["kernel"] == "vocabularyHead" && head["max_ulp"] == .null && head["bound_by"]?.string != nil)
  }

  @Test func peopleGetTheLimitsFirst() throws {
    let text = try PoiseProcess.succeed("bench", "--quick", "--filter", "LOGSUMEXP", "--threads", "2", "--isa", "all").output
    let limits = try #require(text.range(of: "limits of each of 2 threads"))
    let kernels = try #require(text.range(of: "logSumExp"))
    #expect(limits.lowerBound < kernels.lowerBound)
    for part in ["memory of 16 KiB", "memory of 64 MiB", "sgemm", "fma", "of limit", "ulps"] {
      #expect(text.contains(part), "\(part) is missing from\n\(text)")
    }
  }

  @Test func theRooflineIsDrawn() throws {
    let path = "\(folder.path)/roofline.svg"
    _ = try PoiseProcess.succeed("bench", "--quick", "--filter", "gelu", "--roofline", path)
    let svg = String(decoding: try Files.read(path), as: UTF8.self)
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.contains("<title>geluForward 2048"))
  }

  @Test func optionsCanComeFromAFile() throws {
    let file = try folder.file("bench.yaml", "quick: true\nfilter: geluBackward\njson: true\n")
    let records = try PoiseProcess.succeed("bench", "--config", file).records()
    #expect(records.last?["kernel"] == "geluBackward")
  }

  @Test(arguments: [
    ["--filter", "no such kernel"], ["--threads", "0"], ["--threads", "2000"], ["--isa", "sse2"], ["--roofline"], ["nonsense"],
  ])
  func wrongUsageIsExplained(_ arguments: [String]) throws {
    let process = try PoiseProcess(["bench", "--quick"] + arguments)
    #expect(process.status == 64 && process.output.isEmpty && !process.errors.isEmpty)
  }

  @Test func aDrawingWithoutAPlaceIsAnOutputError() throws {
    let process = try PoiseProcess([
      "bench", "--quick", "--filter", "targetLogProbabilities", "--roofline", "/nowhere/at/all/roofline.svg",
    ])
    #expect(process.status == 73)
  }
}
