import Foundation

/// Cosines and sines of the rotary angles, (positions, headSize/2) each.
func angles(positions: Int, headSize: Int) -> (cosines: [Float], sines: [Float]) {
  let angles = (0..<positions).flatMap { position in
    (0..<headSize / 2).map { Double(position) * pow(10_000, -2 * Double($0) / Double(headSize)) }
  }
  return (angles.map { Float(cos($0)) }, angles.map { Float(sin($0)) })
}
