import PoiseFiles

/// A model file of SentencePiece, `spiece.model` or `tokenizer.model`: the message `ModelProto` of its
/// `sentencepiece_model.proto`. Kudo and Richardson 2018, "SentencePiece".
struct SentencePieceFile {
  enum Kind: UInt64 {
    case unigram = 1
    case bytePair = 2
  }

  struct Piece {
    enum Role: UInt64 {
      case normal = 1
      case unknown, control, userDefined, unused, byte
    }

    var text = ""
    /// The logarithm of a probability (unigram), or the negative rank of the merge that makes the piece.
    var score: Float = 0
    var role = Role.normal
  }

  let path: String
  private(set) var kind = Kind.unigram
  /// By id.
  private(set) var pieces: [Piece] = []
  private(set) var fallsBackToBytes = false
  /// As `CharacterMap` reads it; empty where characters stay as they are.
  private(set) var characterMap: ArraySlice<UInt8> = []
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraSpaces = true
  private(set) var escapesSpaces = true

  /// - Throws: `FileError`; `DataError` (`.configuration`) where the bytes are no such message, or describe a model that is
  ///   neither unigram nor BPE, has no pieces or no unknown piece, or has a piece twice.
  init(_ path: String) throws {
    self.path = path
    var message = ProtobufMessage([UInt8](try Files.read(path))[...], path: path)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (1, .bytes(let bytes)): pieces.append(try piece(bytes))
      case (2, .bytes(let bytes)): try readTrainerSpecification(bytes)
      case (3, .bytes(let bytes)): try readNormalizerSpecification(bytes)
      default: break
      }
    }
    try check()
  }

  private func piece(_ bytes: ArraySlice<UInt8>) throws -> Piece {
    var piece = Piece()
    var message = ProtobufMessage(bytes, path: path)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (1, .bytes(let bytes)):
        guard let text = String(validating: bytes, as: UTF8.self) else { throw unusable("piece \(pieces.count) is not UTF-8.") }
        piece.text = text
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .integer(let code)):
        guard let role = Piece.Role(rawValue: code) else {
          throw unusable("piece \(pieces.count) is of a type that is not known here (\(code)).")
        }
        piece.role = role
      default: break
      }
    }
    return piece
  }

  private mutating func readTrainerSpecification(_ bytes: ArraySlice<UInt8>) throws {
    var message = ProtobufMessage(bytes, path: path)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (3, .integer(let code)):
        guard let kind = Kind(rawValue: code) else {
          throw unusable("the model is of words or of characters; unigram and BPE models are read here.")
        }
        self.kind = kind
      case (24, .integer(1...)): throw unusable("the model puts spaces after words (treat_whitespace_as_suffix).")
      case (35, .integer(let flag)): fallsBackToBytes = flag != 0
      default: break
      }
    }
  }

  private mutating func readNormalizerSpecification(_ bytes: ArraySlice<UInt8>) throws {
    var message = ProtobufMessage(bytes, path: path)
    while let (field, value) = try message.next() {
      switch (field, value) {
      case (2, .bytes(let bytes)): characterMap = bytes
      case (3, .integer(let flag)): addsDummyPrefix = flag != 0
      case (4, .integer(let flag)): removesExtraSpaces = flag != 0
      case (5, .integer(let flag)): escapesSpaces = flag != 0
      default: break
      }
    }
  }

  /// Longer pieces of a BPE model would be taken apart in quadratic time.
  private static let longestMergedPiece = 256

  private func check() throws {
    guard !pieces.isEmpty else { throw unusable("this is not a SentencePiece model: it has no pieces.") }
    guard pieces.contains(where: { $0.role == .unknown }) else { throw unusable("the model has no unknown piece.") }
    var texts: Set<ExactString> = []
    for (id, piece) in pieces.enumerated() {
      guard !piece.text.isEmpty, piece.score.isFinite else { throw unusable("piece \(id) has no text, or no score.") }
      guard texts.insert(ExactString(piece.text)).inserted else { throw unusable("the piece \"\(piece.text)\" is there twice.") }
      guard kind == .unigram || piece.text.utf8.count <= SentencePieceFile.longestMergedPiece else {
        throw unusable("piece \(id) is longer than \(SentencePieceFile.longestMergedPiece) bytes.")
      }
    }
  }

  func unusable(_ problem: String) -> DataError { DataError(path, problem, category: .configuration) }
}
