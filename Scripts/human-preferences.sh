#!/bin/sh
# Judges on what people prefer: three published collections, each beside "longer wins" and a bag of words, from scratch and from a
# small published model, a quarter of an hour on two cores. docs/human-preferences.md has the figures, and how the settings were
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

# collection NAME FORMAT FILE… OPTION…: in two parts, into the folder of that name
collection() {
  name=$1
  folder=$out/$name
  shift
  printf '\n== %s\n' "$name"
  rm -rf "$folder"
  mkdir -p "$folder"
  "$poise" data import "$@" --out "$folder/train.jsonl" --held-out "$folder/held-out.jsonl"
}

# judges STEPS [FILE]: three judges of the last collection; the reward model from scratch learns from FILE
judges() {
  steps=$1
  examples=${2:-$folder/train.jsonl}
  "$poise" tokenizer train --data "$examples" --vocabulary-size 4000 --out "$folder" >/dev/null
  judge reward scratch "$examples" --preset shallow --tokenizer "$folder" --learning-rate 5e-4 --schedule cosine \
    --steps "$steps" --validation-share 0
  judge preference scratch "$folder/train.jsonl" --preset tiny --tokenizer "$folder" --learning-rate 1e-3 \
    --steps 160 --validation-share 0.15 --evaluate-every 20
  judge reward stories260K "$folder/train.jsonl" --model "$data/models/stories260K_hf" --learning-rate 3e-4 \
    --steps 160 --validation-share 0.15 --evaluate-every 20
}

# judge KIND START EXAMPLES OPTION…
judge() {
  kind=$1 start=$2 pairs=$3
  shift 3
  printf '\n-- %s: a %s model from %s\n' "$name" "$kind" "$start"
  "$poise" "$kind" --data "$pairs" --test-data "$folder/held-out.jsonl" --out "$folder/$kind-$start" \
    --weight-decay 0.3 --quiet "$@"
}

collection ukpconvarg1 ukpconvarg1 "$preference/ukpconvarg1_pairs.jsonl.gz" "$preference/ukpconvarg1_arguments.jsonl.gz" \
  --held-out-topic "Evolution vs. Creation" \
  --held-out-topic "William Farquhar ought to be honoured as the rightful founder of Singapore"
judges 100

collection hh hh "$preference/hh_harmless_test_0_1799.jsonl.gz" --seed "$seed"
judges 40

# Fewer than 500 pairs of its own: the arguments, which are about something else, say what people find convincing in general.
collection pandalm pandalm "$preference/pandalm_testset_v1.json" --seed "$seed"
cat "$out/ukpconvarg1/train.jsonl" "$folder/train.jsonl" "$folder/train.jsonl" "$folder/train.jsonl" >"$folder/joint.jsonl"
judges 60 "$folder/joint.jsonl"
