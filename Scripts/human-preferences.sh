#!/bin/sh
# Judges on what people prefer: three published collections, each beside "longer wins" and a bag of words, from scratch and from a
# small published model, a quarter of an hour on two cores. docs/human-preferences.md has the figures, and how the setting was
# chosen. Nothing of the collections is in this repository: POISE_TEST_DATA names the folder that holds them.
#
#   HUMAN_OUT   where everything goes (runs/human)
#   HUMAN_SEED  of the held-out conversations and prompts of hh and pandalm (0)
set -eu

poise=.build/release/poise
data=${POISE_TEST_DATA:?names the folder with preference/ and models/}
out=${HUMAN_OUT:-runs/human}
seed=${HUMAN_SEED:-0}
preference=$data/preference

# judges NAME FORMAT FILE… OPTION…: a collection in two parts, then three judges
judges() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  folder=$out/$name
  rm -rf "$folder"
  mkdir -p "$folder"
  "$poise" data import "$@" --out "$folder/train.jsonl" --held-out "$folder/held-out.jsonl"
  "$poise" tokenizer train --data "$folder/train.jsonl" --vocabulary-size 4000 --out "$folder" >/dev/null
  judge reward scratch --preset tiny --tokenizer "$folder" --learning-rate 1e-3
  judge preference scratch --preset tiny --tokenizer "$folder" --learning-rate 1e-3
  judge reward stories260K --model "$data/models/stories260K_hf" --learning-rate 3e-4
}

# judge KIND START OPTION…
judge() {
  kind=$1 start=$2
  shift 2
  printf '\n-- %s: a %s model from %s\n' "$name" "$kind" "$start"
  "$poise" "$kind" --data "$folder/train.jsonl" --test-data "$folder/held-out.jsonl" --out "$folder/$kind-$start" \
    --steps 160 --weight-decay 0.3 --validation-share 0.15 --evaluate-every 20 --quiet "$@"
}

judges ukpconvarg1 ukpconvarg1 "$preference/ukpconvarg1_pairs.jsonl.gz" "$preference/ukpconvarg1_arguments.jsonl.gz" \
  --held-out-topic "Evolution vs. Creation" \
  --held-out-topic "William Farquhar ought to be honoured as the rightful founder of Singapore"
judges hh hh "$preference/hh_harmless_test_0_1799.jsonl.gz" --seed "$seed"
judges pandalm pandalm "$preference/pandalm_testset_v1.json" --seed "$seed"
