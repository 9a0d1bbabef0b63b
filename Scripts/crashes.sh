#!/bin/sh
# Short runs of both kinds of model, killed at any instant and resumed, and runs whose writes fail. All must end in the bytes of runs
# that nobody disturbed, with every step recorded once and nothing left lying about.
#
#   CRASH_KILLS     how often a run is killed, of each kind of model (50)
#   CRASH_FAILURES  how often a write fails, of each kind of model (25)
#   CRASH_OUT       where everything goes, and is removed at the end (a temporary folder)
set -eu

poise=.build/release/poise
kills=${CRASH_KILLS:-50}
failures=${CRASH_FAILURES:-25}
out=${CRASH_OUT:-$(mktemp -d)}
steps=40

mkdir -p "$out"
trap 'rm -rf "$out"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}

# become RUN OPTION…: the run of this kind of model in the place of this shell, so that a signal meets the run itself
become() {
  run=$1
  shift
  exec "$poise" train ipo-md --model "$out/$kind" --prompts "$out/prompts.jsonl" --annotator rubric --steps $steps --batch-size 4 \
    --max-new-tokens 12 --optimizer adamw --checkpoint-every 1 --quiet --out "$out/$run" "$@" >"$out/output" 2>"$out/errors"
}

train() { (become "$@"); }

# resumed RUN: `--resume` where there is something to resume
resumed() {
  for checkpoint in "$out/$1"/checkpoint-*; do
    if [ -d "$checkpoint" ]; then echo --resume; fi
    return 0
  done
}

# number FROM BELOW SEED: one that looks random, and is the same every time
number() { awk -v from="$1" -v below="$2" -v seed="$3" 'BEGIN { srand(seed); print from + (below - from) * rand() }'; }

# same RUN: as the undisturbed one in every byte that matters
same() {
  for file in model.safetensors poise_state.safetensors; do
    cmp -s "$out/whole-$kind/$file" "$out/$1/$file" || fail "$kind, $1: $file differs from that of the undisturbed run."
  done
  recorded=$(sed 's/.*"global_step": \([0-9]*\),.*/\1/' "$out/$1/metrics.jsonl" | tr '\n' ' ')
  [ "$recorded" = "$(seq -s ' ' 1 $steps) " ] || fail "$kind, $1: metrics.jsonl has the steps $recorded."
  left=$(find "$out/$1" -name '.*' -o -name '*.tmp-*' | head -n 1)
  [ -z "$left" ] || fail "$kind, $1: $left was left lying about."
  checkpoints=$(find "$out/$1" -name 'checkpoint-*' | wc -l)
  [ "$checkpoints" -eq 2 ] || fail "$kind, $1: $checkpoints checkpoints are there, whole or not, where the newest two should be."
}

# killed: a run that ends after so many kills; no resumed run may say anything but what it must
killed() {
  count=0
  while [ $count -lt "$kills" ]; do
    # shellcheck disable=SC2046 # nothing, or one word
    become "killed-$kind" $(resumed "killed-$kind") &
    process=$!
    sleep "$(number 0.02 0.5 "$count")"
    kill -9 $process 2>/dev/null || true
    status=0
    wait $process 2>/dev/null || status=$?
    case $status in
      0)  # it had ended: the next begins anew
        same "killed-$kind"
        rm -rf "$out/killed-$kind"
        ;;
      137) count=$((count + 1)) ;;
      *) fail "$kind: a run ended with $status before it was killed: $(cat "$out/errors")" ;;
    esac
  done
  # shellcheck disable=SC2046
  train "killed-$kind" $(resumed "killed-$kind") || fail "$kind: after $kills kills the run does not go on: $(cat "$out/errors")"
  same "killed-$kind"
}

# failing: a run to whose files the system gives no more than so many blocks: fewer than its largest needs
failing() {
  count=0
  largest=$(($(wc -c <"$out/whole-$kind/poise_state.safetensors") / 512))
  while [ $count -lt "$failures" ]; do
    if [ -d "$out/failing-$kind/checkpoint-$steps" ]; then  # nothing would be written: the next begins anew
      same "failing-$kind"
      rm -rf "$out/failing-$kind"
    fi
    status=0
    blocks=$(number 0 "$largest" "$count" | cut -d . -f 1)
    # shellcheck disable=SC2046
    (ulimit -f "$blocks" && train "failing-$kind" $(resumed "failing-$kind")) || status=$?
    case $status in
      73 | 74) count=$((count + 1)) ;;
      *) fail "$kind: a run whose writes fail ended with $status: $(cat "$out/errors")" ;;
    esac
    if [ $((count % 2)) = 0 ]; then train_some "failing-$kind"; fi
  done
  # shellcheck disable=SC2046
  train "failing-$kind" $(resumed "failing-$kind") || fail "$kind: after $failures failures the run does not go on: $(cat "$out/errors")"
  same "failing-$kind"
}

# train_some RUN: a little further, so that failures meet every part of a run
train_some() {
  # shellcheck disable=SC2046
  become "$1" $(resumed "$1") &
  process=$!
  sleep 0.3
  kill -INT $process 2>/dev/null || true
  wait $process 2>/dev/null || true
}

"$poise" data make --count 200 --out "$out/examples.jsonl" >/dev/null 2>&1
"$poise" data make --kind prompts --count 40 --out "$out/prompts.jsonl" >/dev/null 2>&1
"$poise" tokenizer train --data "$out/examples.jsonl" --vocabulary-size 300 --out "$out" >/dev/null
for kind in tiny tiny-t5; do
  "$poise" sft --preset $kind --tokenizer "$out" --data "$out/examples.jsonl" --steps 2 --quiet --out "$out/$kind" >/dev/null
  train whole-$kind
  killed
  failing
  echo "$kind: $kills kills and $failures failing writes; the bytes are those of the undisturbed run."
done
