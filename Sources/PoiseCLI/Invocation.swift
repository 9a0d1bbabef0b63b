import Foundation
import PoiseFiles
import PoiseKernels
import PoiseModel

/// The line that this process was started with.
enum Invocation {
  /// The words after `poise`, with the options of a `--config` file put in.
  static let arguments = Result { try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()), for: PoiseCommand.self) }

  /// What a run records of the program, the machine, and how to make it again.
  static func circumstances() throws -> JSON.Object {
    var object = JSON.Object()
    object["poise_version"] = .string(Version.number)
    object["instruction_set"] = .string(InstructionSet.chosen.rawValue)
    object["blas"] = .string(LinearAlgebra.description)
    object["arguments"] = .array(try arguments.get().map { .string($0) })
    object["working_directory"] = .string(FileManager.default.currentDirectoryPath)
    return object
  }
}

/// The process that started this one as ``PoiseProgram``, and without which nobody wants its results: it holds the other end of
/// standard input, on which nothing is ever said.
enum Owner {
  fileprivate static let variable = "POISE_OWNER_HOLDS_STANDARD_INPUT"

  /// Ends this process with its owner, however that ends; nothing where there is none.
  static func watch() {
    guard getenv(variable) != nil else { return }
    unsetenv(variable)  // this process's own programs have another standard input
    Thread.detachNewThread {
      var byte: UInt8 = 0
      var count = 1
      while count > 0 || (count < 0 && errno == EINTR) { count = read(STDIN_FILENO, &byte, 1) }
      // As if the terminal had gone that both were started from.
      _exit(128 + SIGHUP)
    }
  }
}

/// This program once more, as a process of its own that does not outlive this one.
struct PoiseProgram {
  var arguments: [String]
  /// The folder that relative paths begin at; nil is this process's.
  var workingDirectory: String?
  /// Files for its standard output and standard error, replaced where they are there; nil are nowhere, and this process's.
  var output: String?
  var errors: String?

  /// Waits for its end, and asks it to stop where this process is asked to by SIGTERM; SIGINT comes from a terminal, which sends it
  /// to both.
  ///
  /// - Returns: its exit code, or 128 and the signal that ended it.
  func run() throws -> Int32 {
    let process = Process()
    guard let executable = Bundle.main.executableURL else { throw CocoaError(.fileNoSuchFile) }
    process.executableURL = executable
    process.arguments = arguments
    if let workingDirectory { process.currentDirectoryURL = URL(fileURLWithPath: workingDirectory) }
    // Its end of the pipe is closed when this process is gone.
    let lifeline = Pipe()
    process.standardInput = lifeline
    process.environment = ProcessInfo.processInfo.environment.merging([Owner.variable: "1"]) { $1 }
    process.standardOutput = try output.map(Self.opened) ?? FileHandle.nullDevice
    if let errors { process.standardError = try Self.opened(errors) }
    Interruption.watch()
    try process.run()
    withExtendedLifetime(lifeline) {
      var isAsked = false
      while process.isRunning {
        usleep(20_000)
        if Interruption.exitCode == 128 + SIGTERM, !isAsked {
          process.terminate()
          isAsked = true
        }
      }
    }
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  private static func opened(_ path: String) throws(FileError) -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    return handle
  }
}
