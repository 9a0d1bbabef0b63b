import ArgumentParser
import Foundation
import Poise
import PoiseFiles
import PoiseKernels
import PoiseModel

/// `poise doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "This machine: instruction set, BLAS, threads, memory, limits and what they mean.",
    discussion: "The limits are measured, in about two seconds; other programs at work lower them.")

  @Option(help: ArgumentHelp("Worker threads to measure with, 1 or more. (default: all processors)", valueName: "n"))
  var threads: Int?
  @OptionGroup var output: OutputOptions
  @OptionGroup var configurationOption: ConfigurationOption

  func validate() throws { if let threads { try requireRange("--threads", threads, 1...1024) } }

  func run() throws {
    let pool = WorkerPool(workerCount: threads ?? WorkerPool.processorCount)
    let diagnosis = Diagnosis(limits: MachineLimits.measured(pool: pool), workers: pool.workerCount)
    Console.result(output.json ? diagnosis.json.line : diagnosis.text)
  }
}

/// What `poise doctor` found.
struct Diagnosis {
  let limits: MachineLimits
  let workers: Int
  let memory = ProcessInfo.processInfo.physicalMemory

  var json: JSON {
    [
      "poise_version": .string(Version.number), "instruction_set": .string(InstructionSet.chosen.rawValue),
      "instruction_sets_supported": .array(InstructionSet.supported.map { .string($0.rawValue) }),
      "blas": .string(LinearAlgebra.description), "blas_core": .string(LinearAlgebra.core),
      "processors": .init(WorkerPool.processorCount), "threads": .init(workers), "memory_bytes": .init(Int(memory)),
      "sgemm": .array(limits.products.map(json)), "exp_ns": .init(limits.exponentialNanoseconds),
      "gbps": .init(limits.gigabytesPerSecond),
    ]
  }

  private func json(_ product: MachineLimits.Product) -> JSON {
    [
      "shape": .init([product.rows, product.inner, product.columns]), "threads": .init(product.workers),
      "gflops": .init(product.gigaflops),
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
      "            thread, and activations",
    ]
  }

  private var measurements: [String] {
    let (large, decoding) = (limits.products[1], limits.products[2])
    // A forward and backward pass multiplies and adds 6 times a parameter and token (Kaplan et al. 2020).
    let trained = large.gigaflops * 1e9 / (6 * 1e6)
    let row = limits.exponentialNanoseconds * 50_257 / 1e3
    let steps = limits.gigabytesPerSecond * 1e9 / 4e8
    return limits.products.map(line) + [
      "            Training is mostly such products: a model of 1 M parameters trains on at most \(round(trained)) tokens/s here.",
      "            Sampling multiplies few rows at a time, here 16, and reaches \(percent(decoding.gigaflops / large.gigaflops)) of that speed.",
      "  exp       \(limits.exponentialNanoseconds.formatted(decimals: 3)) ns",
      "            The softmax of a token takes one a vocabulary entry: \(round(row)) µs for GPT-2's 50,257.",
      "  bandwidth \(limits.gigabytesPerSecond.formatted(decimals: 1)) GB/s",
      "            A step of sampling reads all weights: 100 M parameters allow \(round(steps)) steps/s; small models stay in caches.",
    ]
  }

  private func line(_ product: MachineLimits.Product) -> String {
    let shape = "\(product.rows)×\(product.inner)×\(product.columns)"
    let workers = product.workers == 1 ? "1 thread" : "\(product.workers) threads"
    return "  sgemm     \(product.gigaflops.formatted(decimals: 1)) GFLOP/s at \(shape), \(workers)"
  }

  private func round(_ value: Double) -> String {
    let digits = value < 10 ? 1 : 0
    return value.formatted(decimals: digits)
  }

  private func percent(_ share: Double) -> String { "\((100 * share).formatted(decimals: 0)) %" }
}
