import ArgumentParser

/// `--config` for commands that have no use for threads and seeds. It is expanded before options are parsed: ``ConfigurationFile``.
struct ConfigurationOption: ParsableArguments {
  @Option(help: ArgumentHelp("Set options of this command from a YAML file; flags on the line win.", valueName: "file.yaml"))
  var config: String?
}
