import Foundation

/// Reading whole files, and writing them so that a reader never sees half of one.
public enum Files {
  public static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  public static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  /// Neither a folder nor a pipe or device.
  public static func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Opens a file that others may have put there. A pipe among them would be waited for, and a device might never end.
  ///
  /// - Throws: `.missing`, or `.unreadable` for what is no regular file, or may not be read.
  public static func openRegularFile(_ path: String) throws(FileError) -> FileHandle {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .missing(path: path)
      case ENXIO: throw .unreadable(path: path, reason: notRegularFile)  // a socket
      default: throw .unreadable(path: path, reason: String(cString: strerror(errno)))
      }
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : notRegularFile)
    }
    return file
  }

  /// Refuses what ``openRegularFile(_:)`` refuses.
  public static func requireRegularFile(_ path: String) throws(FileError) { _ = try openRegularFile(path) }

  private static let notRegularFile = "it is not a regular file"

  /// The bytes of a regular file: of a folder's, which nobody has named one by one.
  public static func read(_ path: String) throws(FileError) -> Data {
    let file = try openRegularFile(path)
    do { return try file.readToEnd() ?? Data() } catch { throw .unreadable(path: path, reason: reason(error)) }
  }

  /// The JSON value that a regular file holds.
  public static func readJSON(_ path: String) throws -> JSON {
    try parseJSON(try read(path), path: path)
  }

  /// Opens what the user of the command has named, for reading: a pipe, such as a shell makes of `<(…)`, or a device as
  /// `/dev/stdin` too.
  ///
  /// - Throws: `.missing`, or `.unreadable` for a folder, or what may not be read.
  public static func openInput(_ path: String) throws(FileError) -> FileHandle {
    guard exists(path) else { throw .missing(path: path) }
    guard !isDirectory(path) else { throw .unreadable(path: path, reason: "it is a folder") }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    return file
  }

  /// All bytes of what ``openInput(_:)`` opens. Of a pipe or device, which may never end, a gigabyte at most.
  public static func readInput(_ path: String) throws(FileError) -> Data {
    guard !isRegularFile(path) else { return try read(path) }
    let file = try openInput(path)
    let bytes: Data
    do { bytes = try file.read(upToCount: longestStream + 1) ?? Data() } catch {
      throw .unreadable(path: path, reason: reason(error))
    }
    guard bytes.count <= longestStream else { throw .unreadable(path: path, reason: "it goes on for more than a gigabyte") }
    return bytes
  }

  private static let longestStream = 1 << 30

  /// The JSON value of bytes that were read from `path`, which errors name.
  public static func parseJSON(_ data: Data, path: String) throws(DataError) -> JSON {
    do throws(JSONError) { return try JSON(parsing: data) } catch {
      throw DataError(path, line: error.line, "this is not valid JSON (column \(error.column): \(error.problem)).")
    }
  }

  public static func createDirectory(_ path: String) throws(FileError) {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw .cannotCreate(path: path, reason: reason(error))
    }
  }

  /// Refuses a path at which no file could be written, before the work whose result it is to hold.
  public static func requireCreatable(_ path: String) throws(FileError) {
    guard !isDirectory(path) else { throw .cannotCreate(path: path, reason: "it is a folder") }
    let temporary = path + ".tmp-\(ProcessInfo.processInfo.processIdentifier)"
    guard FileManager.default.createFile(atPath: temporary, contents: nil) else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    remove(temporary)
  }

  /// Gives a file its final name, in place of what has that name.
  public static func move(_ path: String, to final: String) throws(FileError) {
    guard rename(path, final) == 0 else { throw .writeFailed(path: final, reason: String(cString: strerror(errno))) }
  }

  /// Refuses a folder into which nothing could be written, or which could not be made, before the work whose results it is to hold.
  /// Nothing is written for that; whether there is room is not asked.
  public static func requireWritableFolder(_ path: String) throws(FileError) {
    var existing = URL(fileURLWithPath: path)
    while !exists(existing.path), existing.path != "/" { existing.deleteLastPathComponent() }
    guard isDirectory(existing.path) else { throw .cannotCreate(path: path, reason: "\(existing.path) is a file") }
    guard access(existing.path, W_OK | X_OK) == 0 else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Removes a folder that holds nothing; leaves any other alone.
  public static func removeIfEmpty(_ path: String) { rmdir(path) }

  public static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

  /// Writes beside `path` under a temporary name, flushes to the disk and renames, so that `path` holds either its old or
  /// its whole new content whenever the process dies.
  public static func replace(_ path: String, writing write: (FileHandle) throws -> Void) throws(FileError) {
    let temporary = path + ".tmp-\(ProcessInfo.processInfo.processIdentifier)"
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    do {
      try write(handle)
      try handle.synchronize()
      try handle.close()
      guard rename(temporary, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    } catch {
      remove(temporary)
      throw .writeFailed(path: path, reason: reason(error))
    }
  }

  public static func replace(_ path: String, with text: String) throws(FileError) {
    try replace(path) { try $0.write(contentsOf: Data(text.utf8)) }
  }

  /// Flushes the names in a folder to the disk: what was renamed there is then found under its new name after a loss of power.
  public static func synchronizeFolder(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .writeFailed(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .writeFailed(path: path, reason: String(cString: strerror(errno))) }
  }

  /// What the system said, without the path: `No space left on device`.
  public static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(underlying.code))) }
    if let error = error as? POSIXError { return String(cString: strerror(error.code.rawValue)) }
    return error.localizedDescription
  }
}

extension Double {
  /// As C's `%.{n}g`: `0.10000000000000001` for a tenth in 17 digits, `0.1` in 4.
  public func formatted(significantDigits: Int) -> String { String(format: "%.\(significantDigits)g", self) }

  /// As C's `%.{n}f`: fixed decimals.
  public func formatted(decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}
