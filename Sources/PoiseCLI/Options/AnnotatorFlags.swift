import ArgumentParser
import Poise

/// How long a program that judges is waited for.
struct AnnotatorFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Seconds that a program (command:) may take for an answer, 0.1 to 1e6.", valueName: "seconds"))
  var annotatorTimeout = CommandAnnotator.defaultPatience

  func validate() throws { try requireRange("--annotator-timeout", annotatorTimeout, 0.1...1e6) }
}
