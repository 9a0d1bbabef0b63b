#!/bin/sh
# Ten thousand steps of every kind of training: memory and the time of a step must not grow with the number of steps. A table has the
# memory that is resident and the processor's time of a step, over the run; it is an error where memory grows in a run's second half.
#
#   LONG_STEPS  steps of a run (10000)
#   LONG_OUT    where everything goes, and is removed at the end (a temporary folder)
set -eu

poise=.build/release/poise
steps=${LONG_STEPS:-10000}
out=${LONG_OUT:-$(mktemp -d)}
allowed=1024  # KiB that a second half may add: a thousandth of what as many records of steps, or their lines, would take is less
every=$((steps / 20))

if [ ! -r /proc/self/status ]; then
  echo "Resident memory is read from /proc, which this system does not have: skipped."
  exit 0
fi
mkdir -p "$out"
process=
trap '[ -z "$process" ] || kill -9 "$process" 2>/dev/null || true; rm -rf "$out"' EXIT

# step RUN: that its metrics have come to
step() { tail -n 1 "$out/$1/metrics.jsonl" 2>/dev/null | sed -n 's/^{"global_step": \([0-9]*\),.*/\1/p'; }

# resident: KiB; ticks: of the processor's time, 10 ms each
resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$process/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$process/stat"; }

# follow RUN COMMAND…: a line `step KiB ticks` for every twentieth part of a run, in $out/RUN.curve
follow() {
  run=$1
  shift
  "$poise" "$@" --steps "$steps" --batch-size 1 --learning-rate 1e-5 --optimizer adamw --checkpoint-every "$every" --threads 1 \
    --quiet --out "$out/$run" >"$out/$run.output" 2>"$out/$run.errors" &
  process=$!
  next=$every
  while kill -0 $process 2>/dev/null; do
    now=$(step "$run")
    if [ "${now:-0}" -ge $next ] && sample=$(resident) && used=$(ticks) && [ -n "$sample" ]; then
      echo "$now $sample $used" >>"$out/$run.curve"
      next=$((now - now % every + every))
    fi
    sleep 0.02
  done
  wait $process || { cat "$out/$run.errors" >&2; exit 1; }
  process=
}

# judge: prefers by the length of a question without its number, so that the same question has the same answer
cat >"$out/judge.sh" <<'END'
while IFS= read -r question; do
  question=${question%%'"id"'*}
  case ${#question} in *[02468]) echo '{"preference": 0.9}' ;; *) echo '{"preference": 0.2}' ;; esac
done
END

"$poise" data make --count 200 --out "$out/examples.jsonl" >/dev/null 2>&1
"$poise" tokenizer train --data "$out/examples.jsonl" --vocabulary-size 300 --out "$out" >/dev/null
for number in 1 2 3 4 5 6 7 8; do
  echo "{\"prompt\": \"Word $number?\", \"completion\": \" Word.\"}" >>"$out/short.jsonl"
  echo "{\"prompt\": \"Word $number?\", \"chosen\": \" Word.\", \"rejected\": \" No.\"}" >>"$out/pairs.jsonl"
done
# The rubric judges posts of the built-in task only: the shortest.
"$poise" data make --kind prompts --count 200 2>/dev/null | awk '{ print length, $0 }' | sort -n | head -n 8 | cut -d ' ' -f 2- >"$out/posts.jsonl"
"$poise" sft --preset tiny --blocks 1 --tokenizer "$out" --data "$out/examples.jsonl" --steps 2 --quiet --out "$out/model" >/dev/null

follow sft sft --model "$out/model" --data "$out/short.jsonl"
follow reward reward --model "$out/model" --data "$out/pairs.jsonl" --validation-share 0.3 --patience 1000000
follow dpo train dpo --offline --model "$out/model" --data "$out/pairs.jsonl"
follow rubric train ipo-md --model "$out/model" --prompts "$out/posts.jsonl" --max-new-tokens 4 --annotator rubric --evaluate-every "$every"
follow program train ipo-md --model "$out/model" --prompts "$out/short.jsonl" --max-new-tokens 4 --annotator "command:sh $out/judge.sh"

status=0
printf '%8s' step
for run in sft reward dpo rubric program; do printf '  %17s' $run; done
echo
paste -d ' ' "$out/sft.curve" "$out/reward.curve" "$out/dpo.curve" "$out/rubric.curve" "$out/program.curve" | awk '
  { printf "%8d", $1
    for (run = 0; run < 5; run++) {
      s = $(3 * run + 1); t = $(3 * run + 3)
      printf "  %6.1f MiB %4.1f ms", $(3 * run + 2) / 1024, NR == 1 ? 10 * t / s : 10 * (t - ticks[run]) / (s - steps[run])
      steps[run] = s; ticks[run] = t
    }
    print "" }'
for run in sft reward dpo rubric program; do
  awk -v run=$run -v allowed=$allowed '
    { kibibytes[NR] = $2 }
    END {
      grown = kibibytes[NR] - kibibytes[int(NR / 2)]
      printf "%s: the second half added %d KiB of resident memory, %d are allowed\n", run, grown, allowed
      exit grown > allowed }' "$out/$run.curve" || status=1
done
echo "metrics.jsonl has $(wc -c <"$out/program/metrics.jsonl") bytes, poise_annotations.jsonl $(wc -c <"$out/program/poise_annotations.jsonl")"
exit $status
