#!/bin/sh
# Judges on what people prefer: three published collections, each beside "longer wins" and a bag of words, some ten minutes on two
# cores. docs/human-preferences.md has the figures, and how the settings were chosen. Nothing of the collections is in this
# repository: POISE_TEST_DATA names the folder that holds them.
#
#   HUMAN_OUT    where everything goes (runs/human)
#   HUMAN_SEEDS  of the held-out conversations and prompts of hh and pandalm ("0 1 2 3 4"): one split says little, for what its
#                few hundred pairs happen to be moves every figure by several hundredths
set -eu

poise=.build/release/poise
data=${POISE_TEST_DATA:?names the folder with preference/ and models/}
out=${HUMAN_OUT:-runs/human}
seeds=${HUMAN_SEEDS:-0 1 2 3 4}
preference=$data/preference
stories=$data/models/stories260K_hf

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

# tokenizer [FILE]: of the last collection, from FILE or its training part
tokenizer() {
  "$poise" tokenizer train --data "${1:-$folder/train.jsonl}" --vocabulary-size 4000 --out "$folder" >/dev/null
}

# judge KIND START EXAMPLES OPTION…: a judge of the last collection
judge() {
  kind=$1 start=$2 pairs=$3
  shift 3
  printf '\n-- %s: a %s model from %s\n' "$name" "$kind" "$start"
  "$poise" "$kind" --data "$pairs" --test-data "$folder/held-out.jsonl" --out "$folder/$kind-$start" \
    --weight-decay 0.3 --quiet "$@" >"$folder/$kind-$start.txt"
  cat "$folder/$kind-$start.txt"
}

# summary NAME JUDGE: on how many splits it did well enough
summary() {
  as_good=0 splits=0
  for seed in $seeds; do
    splits=$((splits + 1))
    if ! grep -q 'worse than a baseline' "$out/$1-$seed/$2.txt"; then as_good=$((as_good + 1)); fi
  done
  printf '%s: on %d of %d splits the better baseline lies within the interval of the %s judge, or below.\n' \
    "$1" "$as_good" "$splits" "$2"
}

# Where there is enough to learn from, a share of it decides when to stop. Where there is not, all of it is for learning: few
# steps, a rate that falls to nothing, and no look.
stopping="--steps 160 --validation-share 0.15 --evaluate-every 20"
falling="--schedule cosine --validation-share 0"

collection ukpconvarg1 ukpconvarg1 "$preference/ukpconvarg1_pairs.jsonl.gz" "$preference/ukpconvarg1_arguments.jsonl.gz" \
  --held-out-topic "Evolution vs. Creation" \
  --held-out-topic "William Farquhar ought to be honoured as the rightful founder of Singapore"
tokenizer
arguments=$folder/train.jsonl
judge reward scratch "$arguments" --preset tiny --tokenizer "$folder" --learning-rate 1e-3 $stopping
judge preference scratch "$arguments" --preset tiny --tokenizer "$folder" --learning-rate 1e-3 $stopping

for seed in $seeds; do
  collection "hh-$seed" hh "$preference/hh_harmless_test_0_1799.jsonl.gz" --seed "$seed"
  judge reward stories260K "$folder/train.jsonl" --model "$stories" --learning-rate 1e-3 $falling --steps 40

  # Fewer than 500 pairs of its own: the arguments, which are about something else, say what people find convincing in general.
  collection "pandalm-$seed" pandalm "$preference/pandalm_testset_v1.json" --seed "$seed"
  own=$folder/train.jsonl joint=$folder/joint.jsonl
  cat "$arguments" "$own" "$own" "$own" >"$joint"
  tokenizer "$joint"
  judge reward scratch "$joint" --preset shallow --tokenizer "$folder" --learning-rate 5e-4 $falling --steps 60
done

printf '\n'
summary hh reward-stories260K
summary pandalm reward-scratch
