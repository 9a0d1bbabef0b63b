#!/bin/sh
# Reference and articles of PoiseGames as web pages, by the toolchain's own docc; a link that leads nowhere is an error.
set -eu

swift package dump-symbol-graph --minimum-access-level public >/dev/null
symbols=.build/documentation-symbols
rm -rf "$symbols" .build/documentation
mkdir -p "$symbols"
cp .build/*/symbolgraph/PoiseGames.symbols.json "$symbols"
docc convert Sources/PoiseGames/PoiseGames.docc --additional-symbol-graph-dir "$symbols" --output-dir .build/documentation \
  --fallback-display-name PoiseGames --fallback-bundle-identifier PoiseGames --warnings-as-errors --transform-for-static-hosting
printf 'The pages are in .build/documentation; they want a web server, for example\n'
printf '  python3 -m http.server --directory .build/documentation\nand then http://localhost:8000/documentation/poisegames\n'
