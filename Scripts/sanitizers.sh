#!/bin/sh
# Real commands on the smallest models, in debug builds in which the thread sanitizer and then the address sanitizer look at every
# access to memory. With `tests`, the test suite instead. Whatever a sanitizer reports ends this with its report.
#
#   SANITIZERS         which, in this order ("thread address")
#   SANITIZERS_FILTER  tests to run, a regular expression (all)
#   SANITIZERS_OUT     where everything goes, and is removed at the end (a temporary folder)
set -eu

place=${SANITIZERS_OUT:-$(mktemp -d)}
trap 'rm -rf "$place"' EXIT
trap 'exit 1' INT TERM

# The first report is the last: what comes after it may follow from it. Leaks are reported when a process ends, but for two of which
# a program of three lines has the like. Of an object that somebody had a weak reference to, Swift keeps the counts elsewhere, and where
# that is in the upper bits of a word of the object, which the search for pointers does not understand; the object itself is looked for.
# And Foundation forgets the buffer into which it has read an empty file.
mkdir -p "$place"
printf 'leak:%s\n' formWeakReference readBytesFromFile >"$place/leaks"
export TSAN_OPTIONS="halt_on_error=1"
export ASAN_OPTIONS="detect_leaks=1"
export LSAN_OPTIONS="suppressions=$place/leaks:print_suppressions=0"

# build OPTION…: with the sanitizer whose turn it is
build() { swift build --sanitize="$sanitizer" --scratch-path ".build-sanitized/$sanitizer" "$@"; }

# poise COMMAND OPTION…: in silence, unless it fails
poise() {
  ".build-sanitized/$sanitizer/debug/poise" "$@" >"$out/output" 2>&1 || {
    echo "$sanitizer sanitizer: poise $* ended with $?:" >&2
    cat "$out/output" >&2
    exit 1
  }
}

# trained RUN COMMAND OPTION…: of two steps, of more parts than threads
trained() {
  run=$1
  shift
  poise "$@" --steps 2 --batch-size 4 --threads 3 --checkpoint-every 1 --quiet --out "$out/$run"
}

# online RUN ALGORITHM MODEL OPTION…: on responses of a few tokens
online() {
  run=$1 algorithm=$2 model=$3
  shift 3
  trained "$run" train "$algorithm" --model "$out/$model" --prompts "$out/prompts.jsonl" --max-new-tokens 4 "$@"
}

commands() {
  poise data make --count 40 --out "$out/examples.jsonl"
  poise data make --kind prompts --count 6 --out "$out/prompts.jsonl"
  poise data make --kind preferences --count 6 --out "$out/preferences.jsonl"
  gzip -f "$out/preferences.jsonl"
  poise data check "$out/preferences.jsonl.gz"
  poise tokenizer train --data "$out/examples.jsonl" --vocabulary-size 500 --threads 3 --out "$out"

  for preset in tiny tiny-t5; do
    trained $preset sft --preset $preset --blocks 1 --tokenizer "$out" --data "$out/examples.jsonl"
  done
  trained reward reward --model "$out/tiny" --data "$out/preferences.jsonl.gz"
  trained preference preference --model "$out/tiny" --data "$out/preferences.jsonl.gz"

  online ipo-md ipo-md tiny --annotator "reward:$out/reward" --evaluate-every 2
  online nash-md nash-md tiny-t5 --annotator "preference:$out/preference" --optimizer adamw
  online adapters ipo tiny --annotator "command:sed -u 's/.*/{\"preference\": 0.75}/'" --lora-rank 2
  trained offline train dpo --offline --model "$out/tiny" --data "$out/preferences.jsonl.gz"
  # A run that lost its last step goes on from the one before.
  rm -rf "$out/ipo-md/checkpoint-2"
  online ipo-md ipo-md tiny --annotator "reward:$out/reward" --evaluate-every 2 --resume

  poise merge --model "$out/adapters" --out "$out/merged"
  poise sample --model "$out/ipo-md" --reference "$out/tiny" --mixture 0.5 --prompts "$out/prompts.jsonl" --n 2 --max-new-tokens 4 \
    --threads 3
  poise score --model "$out/tiny-t5" --input "$out/examples.jsonl" --threads 3
  poise compare --policy "tiny=$out/tiny" --policy "merged=$out/merged" --prompts "$out/prompts.jsonl" --judge rubric \
    --max-new-tokens 4 --threads 3
  poise nash --policies "$out/tiny" "$out/ipo-md" --prompts "$out/prompts.jsonl" --judge rubric --max-new-tokens 4 --threads 3
  poise nash --example dice --trajectories "$out/trajectories.jsonl" --steps 20
}

# Kernels start no threads: their own tests have nothing to show to the thread sanitizer, and are slow under it.
tests() {
  build --build-tests
  filter=${SANITIZERS_FILTER:-}
  skipped=$([ "$sanitizer" != thread ] || echo PoiseKernelsTests)
  swift test --sanitize="$sanitizer" --scratch-path ".build-sanitized/$sanitizer" --skip-build --disable-xctest \
    ${filter:+--filter "$filter"} ${skipped:+--skip "$skipped"}
}

for sanitizer in ${SANITIZERS:-thread address}; do
  out=$place/$sanitizer
  mkdir -p "$out"
  if [ "${1:-}" = tests ]; then
    tests
  else
    build --product poise --disable-index-store
    commands
    echo "$sanitizer sanitizer: nothing found."
  fi
done
