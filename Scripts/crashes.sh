#!/bin/sh
# Short runs of both kinds of model, killed at any instant and resumed, and runs whose writes fail: files that may not grow, a disk that
# is full, a folder that cannot be written to. All must end in the bytes of runs that nobody disturbed, with every step recorded once and
# nothing left lying about.
#
#   CRASH_KILLS     how often a run is killed, of each kind of model (50)
#   CRASH_FAILURES  how often a write fails, of each kind of model (25): two in five at the size of a file, two in five for want of room,
#                   the others on a read-only disk
#   CRASH_OUT       where everything goes, and is removed at the end (a temporary folder)
set -eu

poise=.build/release/poise
kills=${CRASH_KILLS:-50}
failures=${CRASH_FAILURES:-25}
out=${CRASH_OUT:-$(mktemp -d)}
steps=40
export CRASH_OUT="$out"

mkdir -p "$out/disk"
# The disk that is full, or cannot be written to, is a small one of our own, where nobody else sees it: that takes root, or a name space of
# users. The script begins again inside.
if [ -z "${CRASH_DISK-}" ]; then
  export CRASH_DISK=none
  for private in "unshare -m" "unshare -Urm"; do
    if $private mount -t tmpfs none "$out/disk" 2>/dev/null; then
      export CRASH_DISK=size=128m
      exec $private sh "$0"
    fi
  done
else
  mount -t tmpfs -o "$CRASH_DISK" none "$out/disk"
fi
trap 'umount "$out/disk" 2>/dev/null || true; rm -rf "$out"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}

# become RUN OPTION…: the run of this kind of model in the place of this shell, so that a signal meets the run itself
become() {
  run=$1
  shift
  exec "$poise" train ipo-md --model "$out/$kind" --prompts "$out/prompts.jsonl" --annotator "command:sh $out/judge.sh" \
    --steps $steps --batch-size 4 --max-new-tokens 12 --optimizer adamw --checkpoint-every 1 --quiet --out "$out/$run" "$@" \
    >"$out/output" 2>"$out/errors"
}

train() { (become "$@"); }

# newest RUN: steps in its newest checkpoint
newest() { find "$out/$1" -maxdepth 1 -name 'checkpoint-*' 2>/dev/null | sed 's/.*-//' | sort -n | tail -n 1; }

# resumed RUN: `--resume` where there is something to resume
resumed() { [ -z "$(newest "$1")" ] || echo --resume; }

# further RUN: two steps, so that failures meet every part of a run; one that has come to its end begins anew
further() {
  step=$(newest "$1")
  if [ "${step:-0}" -ge $((steps - 2)) ]; then
    finish "$1"
    step=0
  fi
  # shellcheck disable=SC2046 # nothing, or one word
  train "$1" $(resumed "$1") --steps $((${step:-0} + 2)) || fail "$kind, $1: the run does not go on: $(cat "$out/errors")"
}

# finish RUN: to its end, which must be that of the undisturbed one
finish() {
  # shellcheck disable=SC2046
  train "$1" $(resumed "$1") || fail "$kind, $1: the run does not go on: $(cat "$out/errors")"
  same "$1"
  rm -rf "${out:?}/$1"
}

# failed RUN STATUS REASON: ended with 73 or 74 and one paragraph that has a path and the reason
failed() {
  case $2 in 73 | 74) ;; *) fail "$kind, $1: a run whose writes fail ended with $2: $(cat "$out/errors")" ;; esac
  path=$(sed -n "s|^poise: \(Writing \)\{0,1\}\($out/$1[^ ]*\) .* ($3)\. .*|\2|p" "$out/errors")
  [ "$(wc -l <"$out/errors")" -eq 1 ] && [ -n "$path" ] || fail "$kind, $1: the run does not say that $3: $(cat "$out/errors")"
  basename "$path" >>"$out/failures"
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
  finish "killed-$kind"
}

# short RUN: its files may have no more than so many blocks, fewer than the largest needs
short() {
  largest=$(($(wc -c <"$out/whole-$kind/poise_state.safetensors") / 512))
  count=0
  while [ $count -lt $((failures * 2 / 5)) ]; do
    further "$1"
    status=0
    blocks=$(number 1 $largest $count | cut -d . -f 1)
    (ulimit -f "$blocks" && train "$1" --resume) || status=$?
    failed "$1" $status 'File too large'
    count=$((count + 1))
  done
  finish "$1"
}

# full RUN: the disk has room for so many pages, fewer than a checkpoint takes
full() {
  checkpoint=$(pages "$out/whole-$kind/checkpoint-$steps"/*)
  model=$(pages "$out/whole-$kind/model.safetensors")
  count=0
  while [ $count -lt $((failures * 2 / 5)) ]; do
    further "$1"
    options=
    case $((count % 5)) in
      0) room=0 options='--checkpoint-every 9' ;;                 # for no line of metrics
      1) room=0 options='--checkpoint-every 99 --log-every 99' ;; # for no answer of the annotator
      2) room=$(number 0 "$model" $count) ;;                      # for a part of the model
      3) room=$(number "$model" "$checkpoint" $count) ;;          # for the model and a part of what goes with it
      4) room=$((checkpoint - 1)) ;;                              # for all but the list of what is there
    esac
    fallocate -l $((4 * ($(df -kP "$out/disk" | awk 'NR == 2 { print $4 }') / 4 - ${room%.*})))KiB "$out/disk/ballast"
    status=0
    # shellcheck disable=SC2086 # none, or some
    train "$1" --resume $options || status=$?
    failed "$1" $status 'No space left on device'
    rm "$out/disk/ballast"
    count=$((count + 1))
  done
  finish "$1"
}

# pages FILE…: of 4 KiB, that they take
pages() { stat -c %s "$@" | awk '{ sum += int(($1 + 4095) / 4096) } END { print sum }'; }

# locked RUN: the disk is read-only, which a run says before it asks or computes anything
locked() {
  count=0
  while [ $count -lt $((failures - 2 * (failures * 2 / 5))) ]; do
    if [ $count -gt 0 ]; then further "$1"; fi
    before=$(contents "$1")
    mount -o remount,ro "$out/disk"
    rm -f "$out/asked"
    status=0
    # shellcheck disable=SC2046
    train "$1" $(resumed "$1") || status=$?
    failed "$1" $status 'Read-only file system'
    [ ! -e "$out/asked" ] || fail "$kind, $1: a run on a read-only disk asked its annotator."
    [ "$(contents "$1")" = "$before" ] || fail "$kind, $1: a run on a read-only disk has other files than before."
    mount -o remount,rw "$out/disk"
    count=$((count + 1))
  done
  finish "$1"
}

# contents RUN: names and sums of its files
contents() { find "$out/$1" -type f -exec cksum {} + 2>/dev/null | sort; }

# judge: prefers by the length of a question without its number, so that the same question has the same answer
cat >"$out/judge.sh" <<END
: >"$out/asked"
while IFS= read -r question; do
  question=\${question%%'"id"'*}
  case \${#question} in *[02468]) echo '{"preference": 0.9}' ;; *) echo '{"preference": 0.2}' ;; esac
done
END

"$poise" data make --count 200 --out "$out/examples.jsonl" >/dev/null 2>&1
"$poise" data make --kind prompts --count 40 --out "$out/prompts.jsonl" >/dev/null 2>&1
"$poise" tokenizer train --data "$out/examples.jsonl" --vocabulary-size 300 --out "$out" >/dev/null
for kind in tiny tiny-t5; do
  "$poise" sft --preset $kind --tokenizer "$out" --data "$out/examples.jsonl" --steps 2 --quiet --out "$out/$kind" >/dev/null
  train whole-$kind
  killed
  echo "$kind: $kills kills; the bytes are those of the undisturbed run."
  : >"$out/failures"
  short short-$kind
  if [ "$CRASH_DISK" != none ]; then
    full disk/full-$kind
    locked disk/locked-$kind
  fi
  met=$(sort "$out/failures" | uniq -c | awk '{ printf "%s%s (%d)", (NR > 1 ? ", " : ""), $2, $1 }')
  echo "$kind: $(wc -l <"$out/failures") writes failed, of $met; the bytes are those of the undisturbed run."
done
if [ "$CRASH_DISK" = none ]; then
  echo "Full and read-only disks were skipped: they take root, or name spaces of users (unshare)."
fi
