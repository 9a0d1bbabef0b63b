#!/bin/sh
# Judges on what people prefer: three published collections, each beside "longer wins" and a bag of words. Nothing of the
# collections is in this repository; POISE_TEST_DATA names the folder that holds them.
set -eu

poise=.build/release/poise
out=${HUMAN_OUT:-runs/human}
data=${POISE_TEST_DATA:?names the folder with preference/ and models/}
preference=$data/preference

mkdir -p "$out"

# convert NAME FORMAT FILES… [OPTIONS…]
convert() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  "$poise" data import "$@" --out "$out/$name-train.jsonl" --held-out "$out/$name-held-out.jsonl"
}

# judge NAME KIND OPTIONS…
judge() {
  name=$1 kind=$2
  shift 2
  run="$out/$name-$kind"
  rm -rf "$run"
  printf '\n-- %s: %s model\n' "$name" "$kind"
  "$poise" "$kind" --data "$out/$name-train.jsonl" --test-data "$out/$name-held-out.jsonl" --out "$run" "$@"
}
