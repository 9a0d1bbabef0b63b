/// A file to read, as the user names it: `-` is standard input.
func inputPath(_ name: String) -> String { name == "-" ? "/dev/stdin" : name }
