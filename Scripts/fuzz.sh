#!/bin/sh
# Every parser under libFuzzer, FUZZ_SECONDS each; FUZZ_TARGETS="json game" for some of them. Findings lie in Fuzzing/Crashes/TARGET,
# and a table of what was run is printed at the end. FUZZ_MINIMISE=1 leaves in the corpora only what adds to the coverage.
set -u
cd "$(dirname "$0")/../Fuzzing" || exit 1
seconds=${FUZZ_SECONDS:-60}
# Preconditions stay in optimised code. Every module is instrumented, but SwiftPM has no word for that in a package.
swift build -c release -Xswiftc -sanitize=fuzzer || exit 1
program=$PWD/.build/release/PoiseFuzz
# The runtime's own report of a trap would take half a second each.
export SWIFT_BACKTRACE=enable=no
memory=/tmp
[ -w /dev/shm ] && memory=/dev/shm
TMPDIR=$(mktemp -d "$memory/poise-fuzz.XXXXXX")/
export TMPDIR
logs=$(mktemp -d)
trap 'rm -rf "$TMPDIR" "$logs"' EXIT
trap 'exit 1' INT TERM

failures=0
for target in ${FUZZ_TARGETS:-$("$program" --list)}; do
  export POISE_FUZZ_TARGET="$target"
  corpus=Corpora/$target
  mkdir -p "$corpus" "Crashes/$target" "$logs/$target"
  "$program" --write "$logs/$target/seeds" || exit 1
  dictionary=""
  [ -s "$logs/$target/seeds.dict" ] && dictionary="-dict=$logs/$target/seeds.dict"
  # A table of rotary positions may take half a gigabyte, which is more than the other parsers may have.
  limit=512
  [ "$target" = model ] && limit=1536
  echo "$target: $seconds seconds"
  # What is new goes to a folder of its own: the corpora that are kept are small.
  mkdir -p "$logs/$target/found"
  "$program" -rss_limit_mb=$limit -timeout=10 -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 $dictionary \
    -artifact_prefix="Crashes/$target/" "$logs/$target/found" "$corpus" "$logs/$target/seeds" >"$logs/$target/log" 2>&1
  status=$?
  if [ $status -ne 0 ]; then
    failures=$((failures + 1))
    tail -n 25 "$logs/$target/log"
  fi
  if [ "${FUZZ_MINIMISE:-0}" != 0 ] && [ $status -eq 0 ]; then
    mkdir "$logs/$target/smallest"
    "$program" -set_cover_merge=1 -use_counters=0 -rss_limit_mb=$limit -timeout=10 -max_len=4096 "$logs/$target/smallest" "$corpus" "$logs/$target/seeds" \
      "$logs/$target/found" >/dev/null 2>&1 && rm -rf "$corpus" && mkdir "$corpus" && cp "$logs/$target/smallest/"* "$corpus/"
  fi
  awk -v target="$target" -v status="$status" '
    /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
    /stat::number_of_executed_units/ { executions = $2 }
    /stat::average_exec_per_sec/ { rate = $2 }
    END { printf "%-16s %12s %10s %10s  %s\n", target, executions, rate, coverage, status == 0 ? "" : "FAILED" }' \
    "$logs/$target/log" >>"$logs/table"
  rmdir "Crashes/$target" 2>/dev/null
done
rmdir Crashes 2>/dev/null
echo
printf '%-16s %12s %10s %10s\n' target executions exec/s coverage
cat "$logs/table"
[ $failures -eq 0 ] || { echo "$failures targets found something: Fuzzing/Crashes"; exit 1; }
