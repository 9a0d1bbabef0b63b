import Foundation
import PoiseModel
import Testing

/// A folder that lives as long as the test that made it.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "poise-tests-" + UUID().uuidString

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes `bytes` and gives their path.
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// The folder of data that POISE_TEST_DATA names.
enum SharedData {
  static let root = ProcessInfo.processInfo.environment["POISE_TEST_DATA"]
  static var isPresent: Bool { root != nil }
  static func path(_ relative: String) -> String { root! + "/" + relative }
}

/// The bytes of a safetensors file with this header, byte for byte, and this buffer.
func safeTensorsBytes(_ header: String, buffer: [UInt8] = []) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + buffer
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

func littleEndian(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

extension SafeTensorsFile {
  func floats(_ name: String, shape: [Int]? = nil) throws -> [Float] {
    var floats = [Float](repeating: .nan, count: tensors[name]?.count ?? 0)
    try read(name, shape: shape, into: floats.mutableSpan)
    return floats
  }
}

extension SafeTensorsCollection {
  func floats(_ name: String) throws -> [Float] {
    var floats = [Float](repeating: .nan, count: tensors[name]?.count ?? 0)
    try read(name, into: floats.mutableSpan)
    return floats
  }
}

extension SafeTensorsWriter.Sink {
  func write(array: [Float]) throws { try write(array.span) }
}
