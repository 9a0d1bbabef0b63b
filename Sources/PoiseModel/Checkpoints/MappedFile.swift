import Foundation
import PoiseFiles

/// A whole file as read-only memory. Pages arrive when they are first touched and may be dropped again under memory
/// pressure, so a checkpoint costs no memory of its own while its tensors are converted.
///
/// The file must keep its length while it is mapped; `Files.replace` gives a file a new inode and is safe.
///
/// `@unchecked Sendable`: the memory is never written.
public final class MappedFile: @unchecked Sendable {
  private let memory: UnsafeRawBufferPointer

  /// Bytes.
  public var count: Int { memory.count }

  /// - Throws: `.missing`, or `.unreadable` for a folder, a device or a file that may not be read.
  public init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing(path: path) : .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    guard status.st_size > 0 else {  // the system maps no empty ranges
      memory = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    memory = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
  }

  deinit {
    if let address = memory.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), memory.count) }
  }

  /// Gives back the memory of whole pages of a range. Bytes that are read again come from the file again.
  func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    guard first < end, let address = memory.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: address + first), end - first, MADV_DONTNEED)
  }

  /// Everything, lent for as long as the file is kept.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { _overrideLifetime(RawSpan(_unsafeBytes: memory), borrowing: self) }
  }
}
