#!/bin/sh
# Every parser under libFuzzer, FUZZ_SECONDS each; FUZZ_TARGETS="json game" for some of them, FUZZ_JOBS=2 for two at a time.
# Findings lie in Fuzzing/Crashes/TARGET, and a table of what was run is printed at the end. FUZZ_MINIMISE=1 leaves in the corpora
# only what adds to the coverage.
set -u
cd "$(dirname "$0")/../Fuzzing" || exit 1
# Preconditions stay in optimised code. Every module is instrumented, but SwiftPM has no word for that in a package.
swift build -c release -Xswiftc -sanitize=fuzzer || exit 1
FUZZ_PROGRAM=$PWD/.build/release/PoiseFuzz
memory=/tmp
[ -w /dev/shm ] && memory=/dev/shm
TMPDIR=$(mktemp -d "$memory/poise-fuzz.XXXXXX")/
FUZZ_LOGS=$(mktemp -d)
export FUZZ_PROGRAM FUZZ_LOGS TMPDIR
trap 'rm -rf "$TMPDIR" "$FUZZ_LOGS"' EXIT
trap 'exit 1' INT TERM

targets=${FUZZ_TARGETS:-$("$FUZZ_PROGRAM" --list)}
printf '%s\n' $targets | xargs -n 1 -P "${FUZZ_JOBS:-1}" sh ../Scripts/fuzz-target.sh
status=$?
rmdir Crashes 2>/dev/null
echo
printf '%-16s %8s %12s %10s %10s %8s\n' target seconds executions exec/s coverage "peak MB"
for target in $targets; do cat "$FUZZ_LOGS/$target/row"; done
[ $status -eq 0 ] || { echo "Some targets found something: Fuzzing/Crashes"; exit 1; }
