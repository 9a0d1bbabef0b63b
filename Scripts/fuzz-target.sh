#!/bin/sh
# One target of Scripts/fuzz.sh, from its seeds to its row of the table: fuzz-target.sh json, in Fuzzing. FUZZ_PROGRAM is the
# built program, FUZZ_LOGS a folder that it may fill.
set -u
target=$1
seconds=${FUZZ_SECONDS:-60}
export POISE_FUZZ_TARGET="$target"
# The runtime's own report of a trap would take half a second each.
export SWIFT_BACKTRACE=enable=no
corpus=Corpora/$target
log=$FUZZ_LOGS/$target
# What is new goes to a folder of its own: the corpora that are kept are small.
mkdir -p "$corpus" "Crashes/$target" "$log/found"
"$FUZZ_PROGRAM" --write "$log/seeds" || exit 1
dictionary=""
[ -s "$log/seeds.dict" ] && dictionary="-dict=$log/seeds.dict"
limits="-rss_limit_mb=512 -timeout=10 -max_len=4096"
echo "$target: $seconds seconds"
"$FUZZ_PROGRAM" $limits -max_total_time="$seconds" -print_final_stats=1 $dictionary -artifact_prefix="Crashes/$target/" \
  "$log/found" "$corpus" "$log/seeds" >"$log/log" 2>&1
status=$?
[ $status -ne 0 ] && tail -n 25 "$log/log"
if [ "${FUZZ_MINIMISE:-0}" != 0 ] && [ $status -eq 0 ]; then
  mkdir "$log/smallest"
  "$FUZZ_PROGRAM" -set_cover_merge=1 -use_counters=0 $limits "$log/smallest" "$corpus" "$log/seeds" "$log/found" >/dev/null 2>&1 \
    && rm -rf "$corpus" && mkdir "$corpus" && cp "$log/smallest/"* "$corpus/"
fi
awk -v target="$target" -v status="$status" '
  BEGIN { seconds = "-" }
  /^Done .* runs in / { seconds = $5 }
  /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
  /stat::number_of_executed_units/ { executions = $2 }
  /stat::average_exec_per_sec/ { rate = $2 }
  /stat::peak_rss_mb/ { memory = $2 }
  END {
    printf "%-16s %8s %12s %10s %10s %8s  %s\n", target, seconds, executions, rate, coverage, memory, status == 0 ? "" : "FAILED"
  }' "$log/log" >"$log/row"
rmdir "Crashes/$target" 2>/dev/null
[ $status -eq 0 ]
