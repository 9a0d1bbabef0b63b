import Foundation
import PoiseDigest
import PoiseFiles

/// A checkpoint of a run: a folder `checkpoint-N` that has all it takes to go on after N updates. `poise_run.json`, which is written
/// last, lists every other file with its size and SHA-256: what a machine that lost its power left behind is told from what was
/// written.
public struct Checkpoint: Sendable, Equatable {
  public let path: String
  /// Updates behind it.
  public let step: Int

  static let runFile = "poise_run.json"
  private static let filesKey = "files"

  /// Nil unless every file is there in its size.
  init?(folder: String, step: Int) {
    path = folder
    self.step = step
    guard let files = try? files(), files.allSatisfy({ Self.size(of: "\(folder)/\($0.name)") == $0.bytes }) else { return nil }
  }

  /// Options and circumstances of the run.
  public func description() throws -> JSON { try Files.readJSON("\(path)/\(Self.runFile)") }

  /// What is wrong with its files, as a sentence; nil where their bytes are those that were written.
  public func damage() throws -> String? {
    for file in try files() where try SHA256.digest(ofFile: "\(path)/\(file.name)") != file.digest {
      return "\(path)/\(file.name) does not hold the bytes that were written."
    }
    return nil
  }

  /// All files but `poise_run.json`.
  func files() throws -> [(name: String, bytes: Int, digest: String)] {
    guard let list = try description()[Self.filesKey]?.object else { throw DataError(path, "there is no list of files.") }
    return try list.members.map { name, value in
      guard let bytes = value["bytes"]?.int, let digest = value["sha256"]?.string, !name.contains("/") else {
        throw DataError(path, "the list of files is damaged.")
      }
      return (name, bytes, digest)
    }
  }

  /// A description that lists the files of a folder.
  static func describing(_ description: JSON, filesOf folder: String) throws -> JSON {
    var (object, list) = (description.object ?? JSON.Object(), JSON.Object())
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let path = "\(folder)/\(name)"
      list[name] = ["bytes": .init(size(of: path) ?? 0), "sha256": .string(try SHA256.digest(ofFile: path))]
    }
    object[filesKey] = .object(list)
    return .object(object)
  }

  private static func size(of path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
  }
}
