import PoiseFiles

extension ChatTemplate {
  /// The template's key in `tokenizer_config.json`.
  static let key = "chat_template"

  /// The template of a folder with a tokenizer; nil where it has none.
  /// - Parameter family: takes its place.
  public init?(folder: String, family: Family? = nil) throws {
    let path = "\(folder)/tokenizer_config.json"
    let config = Files.exists(path) ? try Files.readJSON(path) : [:]
    let template = try family?.template ?? ChatTemplate.separateText(folder: folder)
    self.init(tokenizerConfig: template.map { ChatTemplate.setting($0, in: config) } ?? config)
  }

  /// What newer versions of transformers keep beside `tokenizer_config.json`, and prefer to what is in it.
  public static func separateText(folder: String) throws -> String? {
    let path = "\(folder)/chat_template.jinja"
    guard Files.exists(path) else { return nil }
    guard let text = String(validating: try Files.read(path), as: UTF8.self) else {
      throw DataError(path, "this is not valid UTF-8.", category: .configuration)
    }
    return text
  }

  /// A `tokenizer_config.json` with this template in the place of its own.
  public static func setting(_ template: String, in config: JSON) -> JSON {
    var object = config.object ?? .init()
    object[key] = .string(template)
    return .object(object)
  }
}
