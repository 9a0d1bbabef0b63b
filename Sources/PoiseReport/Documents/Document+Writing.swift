import Foundation
import PoiseFiles

extension Document {
  /// Writes `STEM.html`, which needs no other file.
  ///
  /// - Parameter stem: a path without its ending.
  public func writePage(_ stem: String) throws(FileError) { try Files.replace("\(stem).html", with: html()) }

  /// Writes `STEM.md`, and in a folder `STEM` the drawing of every figure and the data of every figure and table.
  ///
  /// - Parameter stem: a path without its ending.
  public func writeFiles(_ stem: String) throws(FileError) {
    try Files.createDirectory(stem)
    for figure in figures { try Files.replace("\(stem)/\(figure.name).svg", with: figure.drawing.standalone) }
    for (name, table) in data { try Files.replace("\(stem)/\(name).csv", with: table.text) }
    try Files.replace("\(stem).md", with: markdown(figures: URL(fileURLWithPath: stem).lastPathComponent))
  }
}
