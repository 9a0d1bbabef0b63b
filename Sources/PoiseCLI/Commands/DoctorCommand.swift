import ArgumentParser
import Foundation
import Poise
import PoiseBench
import PoiseFiles
import PoiseKernels
import PoiseModel

/// `poise doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "This machine: instruction set, BLAS, threads, memory, limits and what they mean.",
    discussion: """
      The limits are measured, in about two seconds, `poise bench` has more of them; other programs at work lower them.

      `poise doctor --model MODEL --plan train ipo --batch-size 64 …` measures nothing and says what memory a command would take: \
      sft, reward, preference, train, sample or score with its options. Of MODEL only config.json and the tokenizer are needed. \
      Data are read where the command's options name them; else texts are taken to be as long as the context allows. \
      Training that would not fit is refused in the same words; \(AvailableMemory.variable), in bytes, says how much there is.
      """)

  @Option(help: ArgumentHelp("Folder of the model of --plan, where that names none.", valueName: "model")) var model: String?
  @Option(
    help: ArgumentHelp("Worker threads to measure with, or of the plan, 1 or more. (default: all processors)", valueName: "n"))
  var threads: Int?
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption
  @Option(
    parsing: .remaining,
    help: ArgumentHelp("Say what memory a command would take; its options follow to the end of the line.", valueName: "command"))
  var plan: [String] = []

  func validate() throws {
    if let threads { try requireRange("--threads", threads, 1...1024) }
    if model != nil, plan.isEmpty { throw ValidationError("--model belongs to --plan, which was not given.") }
  }

  func run() throws {
    guard plan.isEmpty else {
      // At the end of the line it means this report; a plan has no other.
      let line = plan.filter { $0 != "--json" }
      let report = try MemoryReport(MemoryPlanning(line: line, model: model, threads: threads))
      return Console.result(output.json || line != plan ? report.json.line : report.text)
    }
    let pool = WorkerPool(workerCount: threads ?? WorkerPool.processorCount)
    let diagnosis = Diagnosis(pool: pool)
    Console.result(output.json ? diagnosis.json.line : diagnosis.text)
  }
}

/// What `poise doctor` found.
struct Diagnosis {
  /// 512×512×512 on one thread and on all, then the few rows that sampling multiplies.
  let products: [ProductSpeed]
  let ceilings: MachineCeilings
  let workers: Int
  let memory = ProcessInfo.processInfo.physicalMemory

  init(pool: WorkerPool) {
    products = [
      .measured(512, 512, 512, pool: WorkerPool(workerCount: 1)), .measured(512, 512, 512, pool: pool),
      .measured(16, 512, 512, pool: pool),
    ]
    ceilings = .measured(.chosen, pool: pool)
    workers = pool.workerCount
  }

  /// Nanoseconds of one exponential, one worker.
  private var exponentialNanoseconds: Double { 1e9 / ceilings.exponentials }

  /// 10⁹ bytes a second read and written by all workers, on memory of a size that caches do not hold, or do.
  private func gigabytesPerSecond(_ bandwidth: MachineCeilings.Bandwidth) -> Double {
    Double(workers) * bandwidth.copied / 1e9
  }

  var json: JSON {
    [
      "poise_version": .string(Version.number), "instruction_set": .string(InstructionSet.chosen.rawValue),
      "instruction_sets_supported": .array(InstructionSet.supported.map { .string($0.rawValue) }),
      "blas": .string(LinearAlgebra.description), "blas_core": .string(LinearAlgebra.core),
      "processors": .init(WorkerPool.processorCount), "threads": .init(workers), "memory_bytes": .init(Int(memory)),
      "products": .array(products.map(json)), "exp_ns": .init(exponentialNanoseconds),
      "gbps": .init(gigabytesPerSecond(ceilings.bandwidths.last!)),
      "gbps_by_bytes": .array(
        ceilings.bandwidths.map { ["bytes": .init(Int($0.size)), "gbps": .init(gigabytesPerSecond($0))] }),
    ]
  }

  private func json(_ product: ProductSpeed) -> JSON {
    [
      "shape": .init([product.rows, product.inner, product.columns]), "threads": .init(product.workers),
      "gflops": .init(product.operationsPerSecond / 1e9),
    ]
  }

  var text: String { ([version] + facts + [""] + measurements).joined(separator: "\n") }

  private var version: String { "poise \(Version.number)" }

  private var facts: [String] {
    let supported = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
    let gigabytes = (Double(memory) / Double(1 << 30)).formatted(decimals: 1)
    return [
      "  kernels   \(InstructionSet.chosen.rawValue) (this processor has \(supported); POISE_ISA chooses)",
      "  BLAS      \(LinearAlgebra.description)",
      "  threads   \(workers) of \(WorkerPool.processorCount) processors",
      "  memory    \(gigabytes) GiB; training takes 20 bytes a parameter (policy, reference, gradient, Adam's moments), 4 more a",
      "            thread, and activations; --plan says how much a command takes",
    ]
  }

  private var measurements: [String] {
    let (large, decoding) = (products[1], products[2])
    // A forward and backward pass multiplies and adds 6 times a parameter and token (Kaplan et al. 2020).
    let trained = large.operationsPerSecond / (6 * 1e6)
    let row = exponentialNanoseconds * 50_257 / 1e3
    let memory = gigabytesPerSecond(ceilings.bandwidths.last!)
    let steps = memory * 1e9 / 4e8
    return products.map(line) + [
      "            Training is mostly such products: a model of 1 M parameters trains on at most \(round(trained)) tokens/s here.",
      "            Sampling multiplies few rows at a time, here 16, and reaches \(percent(decoding.operationsPerSecond / large.operationsPerSecond)) of that speed.",
      "  exp       \(exponentialNanoseconds.formatted(decimals: 3)) ns",
      "            The softmax of a token takes one a vocabulary entry: \(round(row)) µs for GPT-2's 50,257.",
      "  bandwidth \(memory.formatted(decimals: 1)) GB/s copied, \(gigabytesPerSecond(ceilings.bandwidths[0]).formatted(decimals: 0)) in the first cache",
      "            A step of sampling reads all weights: 100 M parameters allow \(round(steps)) steps/s; small models stay in caches.",
    ]
  }

  private func line(_ product: ProductSpeed) -> String {
    let shape = "\(product.rows)×\(product.inner)×\(product.columns)"
    let workers = product.workers == 1 ? "1 thread" : "\(product.workers) threads"
    return "  products  \((product.operationsPerSecond / 1e9).formatted(decimals: 1)) GFLOP/s at \(shape), \(workers)"
  }

  private func round(_ value: Double) -> String {
    let digits = value < 10 ? 1 : 0
    return value.formatted(decimals: digits)
  }

  private func percent(_ share: Double) -> String { "\((100 * share).formatted(decimals: 0)) %" }
}
