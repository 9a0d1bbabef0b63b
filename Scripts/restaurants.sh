#!/bin/sh
# Two studies on texts that nobody here wrote: policies that describe restaurants learn from a judge of human preferences and are
# compared by another; and they learn from a model of what a program says that counts facts, and are compared by the program. About
# an hour on two cores. docs/restaurants.md has the figures and what they cannot show. Nothing of the data is in this
# repository: POISE_TEST_DATA names the folder that holds it. Python 3 prepares it and counts facts.
#
#   RESTAURANTS_OUT    where everything goes (runs/restaurants); a study that was stopped goes on there
#   RESTAURANTS_QUICK  where it is not empty, two steps of everything: that it works, not what it learns
set -eu

poise=.build/release/poise
data=${POISE_TEST_DATA:?names the folder with summarisation/ and preference/}
out=${RESTAURANTS_OUT:-runs/restaurants}
quick=${RESTAURANTS_QUICK:-}
facts="command:python3 Scripts/restaurants.py judge $out"

heading() { printf '\n== %s\n' "$1"; }
figures() { python3 Scripts/restaurants.py "$@"; }

# steps N: or two
steps() { if [ -n "$quick" ]; then echo 2; else echo "$1"; fi; }

# learn KIND NAME DATA OPTION…: a judge that starts from the policy after SFT
learn() {
  kind=$1 name=$2 comparisons=$3
  shift 3
  "$poise" "$kind" --model "$out/sft" --data "$out/$comparisons.jsonl" --out "$out/$name" --quiet --learning-rate 1e-3 \
    --warmup-steps 10 --evaluate-every 20 "$@"
}

# rewards NAME ANSWERS FILE: what a judge thinks
rewards() { "$poise" score --reward "$out/$1" --input "$out/$2.jsonl" --json --quiet >"$out/$3.jsonl"; }

# human NAME OTHER: learns from one half of the human comparisons, and is tested on the other half's arguments and on descriptions
# that neither half has
human() {
  learn reward "$1" "$1.train" --test-data "$out/$2.arguments.jsonl" --steps "$(steps 160)" --weight-decay 0.3 --validation-share 0.15
  rewards "$1" "$1.descriptions" "$1.rewards"
  rewards "$1" answers "answers.$1"
}

# study NAME TITLE ANNOTATOR REWARD JUDGE
study() {
  heading "$2"
  cat >"$out/$1.yaml" <<END
title: $2
task:
  model: $out/sft
  prompts: $out/prompts.jsonl
  validation: $out/validation.jsonl
  test: $out/test.jsonl
  annotator: "$3"
  reward: "$4"
  judge: "$5"
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
  "$poise" study "$out/$1.yaml" --out "$out/$1"
  figures facts "$out" "$1"
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
  "$poise" sample --model "$out/sft" --prompts "$out/prompts.jsonl" --n 8 --max-new-tokens 60 --json --quiet >"$out/answers.jsonl"

  heading "a judge of human preferences that policies learn from"
  human annotator judge
  heading "another that compares them"
  human judge annotator
  figures agreement "$out"

  heading "models of what a program says that counts facts"
  "$poise" data label "$out/answers.jsonl" --judge "$facts" --out "$out/facts.jsonl" --quiet
  learn preference facts-preference facts --steps "$(steps 200)" --patience 4
  learn reward facts-reward facts --steps "$(steps 200)" --patience 4
  touch "$out/prepared"
fi

study people "Six online methods describe restaurants for a judge of human preferences" \
  "reward:$out/annotator" "reward:$out/annotator" "reward:$out/judge"
study programs "Six online methods describe restaurants for a program that counts facts" \
  "preference:$out/facts-preference" "reward:$out/facts-reward" "$facts"
