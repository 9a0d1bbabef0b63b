import Foundation

/// A program with all that it starts: one process group, which ends when its owner says so, and also when this process ends, however
/// that happens. A guardian, a shell of a few bytes in the same group, waits for the end of a pipe that only this process holds open.
final class ConfinedProgram: @unchecked Sendable {
  /// How a program came to its end.
  enum Ending: Sendable, Equatable {
    case exited(status: Int32)
    case killed(signal: Int32)
  }

  /// Of both pipes this side does not block: a program that neither reads nor writes holds up nobody.
  let input: Int32
  let output: Int32
  let standardError: EchoedTail

  private let program: pid_t
  private let guardian: pid_t
  /// Closed, wherever and however this process ends, it lets the guardian go to work.
  private let lifeline: Int32
  private var isInputOpen = true
  /// Nil as long as ``end(within:)`` has not been called.
  private(set) var ending: Ending?

  /// Held while there are pipes that another program, started at the same time, would inherit.
  private static let starting = NSLock()
  /// Seconds that a program may clean up in, once it has been told that this process is gone.
  private static let parting = 2

  /// - Parameter command: a line for `/bin/sh`.
  init(_ command: String) throws(POSIXError) {
    Self.starting.lock()
    defer { Self.starting.unlock() }
    signal(SIGPIPE, SIG_IGN)  // a program that stops reading is an error to report, not a reason to die
    let (questions, answers, errors, life) = (try Pipe(), try Pipe(), try Pipe(), try Pipe())
    do throws(POSIXError) {
      program = try Self.spawn(
        Self.isSimple(command) ? "exec \(command)" : command, group: 0,
        [(questions.reading, STDIN_FILENO), (answers.writing, STDOUT_FILENO), (errors.writing, STDERR_FILENO)])
    } catch {
      for pipe in [questions, answers, errors, life] { pipe.closeBoth() }
      throw error
    }
    let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
    let guarding = "trap '' HUP INT TERM; read -r _; sleep \(Self.parting); kill -KILL 0"
    do throws(POSIXError) {
      guardian = try Self.spawn(
        guarding, group: program, [(life.reading, STDIN_FILENO), (silence, STDOUT_FILENO), (silence, STDERR_FILENO)])
    } catch {
      kill(-program, SIGKILL)
      waitpid(program, nil, 0)
      for pipe in [questions, answers, errors, life] { pipe.closeBoth() }
      close(silence)
      throw error
    }
    for descriptor in [questions.reading, answers.writing, errors.writing, life.reading, silence] { close(descriptor) }
    (input, output, lifeline) = (questions.writing, answers.reading, life.writing)
    for descriptor in [input, output] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    standardError = EchoedTail(reading: errors.reading)
  }

  deinit {
    end(within: 1)
    close(output)
    close(lifeline)
  }

  /// The program sees the end of its input.
  func closeInput() {
    guard isInputOpen else { return }
    isInputOpen = false
    close(input)
  }

  /// Whether the program itself has ended, after a wait of up to `seconds`. What it started may go on, and its group exists still.
  func hasEnded(within seconds: TimeInterval) -> Bool {
    let start = ContinuousClock.now
    while ending == nil {
      var information = siginfo_t()
      if waitid(P_PID, id_t(program), &information, WEXITED | WNOWAIT | WNOHANG) == 0, information.si_signo == SIGCHLD { break }
      guard ContinuousClock.now - start < .seconds(seconds) else { return false }
      usleep(2000)
    }
    return true
  }

  /// Ends the whole group: the program may finish by itself within `seconds` of the end of its input, then it is asked to, then made
  /// to.
  @discardableResult
  func end(within seconds: TimeInterval) -> Ending {
    if let ending { return ending }
    closeInput()
    if !hasEnded(within: seconds) {
      kill(-program, SIGTERM)
      _ = hasEnded(within: 0.5)
    }
    kill(-program, SIGKILL)  // while neither process has been waited for, the group's number is nobody else's
    var status: Int32 = 0
    while waitpid(program, &status, 0) < 0, errno == EINTR {}
    while waitpid(guardian, nil, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    let ending: Ending = signal == 0 ? .exited(status: (status >> 8) & 0xFF) : .killed(signal: signal)
    self.ending = ending
    return ending
  }

  private struct Pipe {
    let reading: Int32
    let writing: Int32

    /// Neither end is for programs that are started later.
    init() throws(POSIXError) {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      (reading, writing) = (ends[0], ends[1])
    }

    func closeBoth() {
      for end in [reading, writing] { close(end) }
    }
  }

  /// Whether a line is surely the name of one program and its arguments. The shell then becomes that program: none waits beside it with
  /// its pipes in its hands, and how it ends is told at first hand.
  private static func isSimple(_ command: String) -> Bool {
    let name = command.split(separator: " ").first ?? ""
    let ofTheShell = [".", "cd", "command", "eval", "exec"]
    return !name.contains("=") && !ofTheShell.contains(String(name)) && !command.contains { ";&|(){}`!#\n".contains($0) }
  }

  /// Starts a shell with these descriptors, no signal blocked and none that matters ignored.
  ///
  /// - Parameter group: of processes; 0 is a new one.
  private static func spawn(
    _ command: String, group: pid_t, _ descriptors: [(own: Int32, of: Int32)]
  ) throws(POSIXError) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    for (own, other) in descriptors { posix_spawn_file_actions_adddup2(&actions, own, other) }
    var (blocked, ordinary) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigemptyset(&ordinary)
    for signal in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&ordinary, signal) }
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setsigdefault(&attributes, &ordinary)
    posix_spawnattr_setpgroup(&attributes, group)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = ["/bin/sh", "-c", command]
    let settings = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    var (arguments, environment) = (words.map { strdup($0) } + [nil], settings.map { strdup($0) } + [nil])
    defer { for text in arguments + environment { free(text) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, &environment)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    return process
  }
}
