#!/bin/sh
# A study on data that nobody here wrote: policies that describe restaurants learn from a judge of human preferences, and are
# compared by another, in some half an hour on two cores. docs/restaurants.md has the figures and what they cannot show. Nothing
# of the data is in this repository: POISE_TEST_DATA names the folder that holds it. Python 3 prepares it and counts facts.
#
#   RESTAURANTS_OUT    where everything goes (runs/restaurants); a study that was stopped goes on there
#   RESTAURANTS_QUICK  where it is not empty, two steps of everything: that it works, not what it learns
set -eu

poise=.build/release/poise
data=${POISE_TEST_DATA:?names the folder with summarisation/ and preference/}
out=${RESTAURANTS_OUT:-runs/restaurants}
quick=${RESTAURANTS_QUICK:-}

heading() { printf '\n== %s\n' "$1"; }
figures() { python3 Scripts/restaurants.py "$@"; }

# steps N: or two
steps() { if [ -n "$quick" ]; then echo 2; else echo "$1"; fi; }

# judge NAME OTHER: learns from one half of the human comparisons, and is tested on the other half's arguments and on descriptions
# that neither half has
judge() {
  "$poise" reward --model "$out/sft" --data "$out/$1.train.jsonl" --test-data "$out/$2.arguments.jsonl" --out "$out/$1" --quiet \
    --steps "$(steps 160)" --learning-rate 1e-3 --warmup-steps 10 --weight-decay 0.3 --validation-share 0.15 --evaluate-every 20
  "$poise" score --reward "$out/$1" --input "$out/$1.descriptions.jsonl" --json --quiet >"$out/$1.rewards.jsonl"
}

if [ ! -e "$out/prepared" ]; then
  rm -rf "$out"
  mkdir -p "$out"
  heading "descriptions, and what people preferred"
  topics=$(figures topics "$data")
  (
    # A topic a line, with spaces in it.
    IFS='
'
    set -f
    set --
    for topic in $topics; do set -- "$@" --held-out-topic "$topic"; done
    "$poise" data import ukpconvarg1 "$data/preference/ukpconvarg1_pairs.jsonl.gz" \
      "$data/preference/ukpconvarg1_arguments.jsonl.gz" "$@" --out "$out/arguments.one.jsonl" --held-out "$out/arguments.other.jsonl"
  )
  figures data "$data" "$out"
  "$poise" tokenizer train --data "$out/texts.jsonl" --vocabulary-size 3000 --out "$out" --quiet

  heading "SFT"
  "$poise" sft --preset tiny --tokenizer "$out" --data "$out/examples.jsonl" --out "$out/sft" --quiet --steps "$(steps 300)" \
    --batch-size 32 --learning-rate 2e-3 --warmup-steps 30

  heading "the judge that policies learn from"
  judge annotator judge
  heading "the judge that compares them"
  judge judge annotator
  figures agreement "$out"
  touch "$out/prepared"
fi

heading "the study"
cat >"$out/study.yaml" <<END
title: Six online methods describe restaurants for a judge of human preferences
task:
  model: $out/sft
  prompts: $out/prompts.jsonl
  validation: $out/validation.jsonl
  test: $out/test.jsonl
  annotator: reward:$out/annotator
  reward: reward:$out/annotator
  judge: reward:$out/judge
  validation-prompts: 100
  test-prompts: 200
options: {steps: $(steps 150), batch-size: 16, learning-rate: 0.005, schedule: constant, checkpoint-every: $(steps 50), max-new-tokens: 60}
baseline: rl
methods:
  rl: {tau: [0.03, 0.1, 0.3]}
  ipo: {tau: [0.03, 0.1, 0.3]}
  ipo-md: {tau: [0.03, 0.1, 0.3], mixture: 0.125}
  dpo: {tau: [0.03, 0.1, 0.3]}
  slic: {tau: [0.03, 0.1, 0.3]}
  nash-md: {tau: [0.03, 0.1, 0.3], mixture: 0.125}
seeds: 3
END
"$poise" study "$out/study.yaml" --out "$out/study"

heading "values of the prompts that answers have word by word"
figures coverage "$out"
