#!/bin/sh
# An encoder–decoder and a decoder of equal size learn to summarise papers from scratch: by SFT, then by IPO-MD against one
# learnt judge, in some three quarters of an hour on one core. docs/summaries.md has the figures, and how the settings were
# chosen. Nothing of the papers is in this repository: POISE_TEST_DATA names the folder that holds them. Python 3 prepares them
# and counts words.
#
#   SUMMARIES_OUT    where everything goes (runs/summaries)
#   SUMMARIES_QUICK  where it is not empty, two steps of everything on a few papers: that it works, not what it learns
set -eu

poise=.build/release/poise
data=${POISE_TEST_DATA:?names the folder with summarisation/}/summarisation
out=${SUMMARIES_OUT:-runs/summaries}
quick=${SUMMARIES_QUICK:-}
architectures="encoder-decoder decoder"
taus="0.1 0.03"

heading() { printf '\n== %s\n' "$1"; }
figures() { python3 Scripts/summaries.py "$@"; }

# steps N: or two
steps() { if [ -n "$quick" ]; then echo 2; else echo "$1"; fi; }

# start ARCHITECTURE: options of a model from scratch, of some 1.9 million parameters
start() {
  case $1 in
    encoder-decoder) echo "--preset tiny-t5 --blocks 2" ;;
    decoder) echo "--preset tiny --blocks 7" ;;
  esac
}

# nats MODEL PART: per token of people's summaries
nats() {
  "$poise" score --model "$1" --input "$out/$2.summaries.jsonl" --json --quiet >"$out/scores.jsonl"
  figures nats "$out/scores.jsonl"
}

# answers MODEL PART FILE OPTION…: to the prompts of a part
answers() {
  model=$1 prompts=$out/$2.prompts.jsonl file=$3
  shift 3
  "$poise" sample --model "$model" --prompts "$prompts" --json --quiet "$@" >"$file"
}

# each SUFFIX: a file of both policies after SFT
each() { for architecture in $architectures; do echo "$out/$architecture-sft.$1"; done; }

# versus KIND NEW OLD: two files of answers, named, as `figures gains` wants them
versus() { echo "$2=$out/$2.$1.jsonl $3=$out/$3.$1.jsonl"; }

heading "papers"
rm -rf "$out"
mkdir -p "$out"
figures data "$data" "$out" ${quick:+20}
"$poise" tokenizer train --data "$out/train.exercises.jsonl" --vocabulary-size 4000 --out "$out" --quiet

for architecture in $architectures; do
  heading "SFT: $architecture"
  sft=$out/$architecture-sft
  "$poise" sft $(start "$architecture") --tokenizer "$out" --data "$out/train.exercises.jsonl" --out "$sft-run" --quiet \
    --steps "$(steps 780)" --checkpoint-every "$(steps 600)" --optimizer adafactor --learning-rate 2e-2 --warmup-steps 20
  cp -R "$sft-run/checkpoint-$(steps 600)" "$sft"
  printf 'nats a token of the selecting half: %s; at the last step: %s\n' "$(nats "$sft" select)" "$(nats "$sft-run" select)"
  printf 'nats a token of the reported half: %s\n' "$(nats "$sft" report)"
  for part in train report; do answers "$sft" "$part" "$sft.$part.jsonl" --n 3; done
done

heading "judge"
figures pairs "$out/train.prompts.jsonl" $(each train.jsonl) >"$out/train.pairs.jsonl"
figures test-pairs "$out/report.prompts.jsonl" $(each report.jsonl) >"$out/report.pairs.jsonl"
"$poise" reward --model "$out/encoder-decoder-sft" --data "$out/train.pairs.jsonl" --test-data "$out/report.pairs.jsonl" \
  --out "$out/judge" --quiet --steps "$(steps 300)" --learning-rate 1e-3 --warmup-steps 10 --weight-decay 0.1
figures agreement "$out/report.pairs.jsonl"

for architecture in $architectures; do
  for tau in $taus; do
    heading "IPO-MD: $architecture, tau $tau"
    "$poise" train ipo-md --model "$out/$architecture-sft" --prompts "$out/train.prompts.jsonl" --annotator "reward:$out/judge" \
      --out "$out/$architecture-ipo-md-$tau" --steps "$(steps 200)" --tau "$tau" --learning-rate 5e-3 --schedule linear --quiet
  done
done

heading "papers of the reported half"
figures baselines "$out/report.prompts.jsonl" "$out"
policies="" sampled="" greedy=""
for architecture in $architectures; do
  # What is gained by saying only what is probable takes no judge.
  name=$architecture-sft-at-0.9
  answers "$out/$architecture-sft" report "$out/$name.sampled.jsonl" --n 3 --seed 1 --temperature 0.9
  sampled="$sampled $name=$out/$name.sampled.jsonl"
  for stage in sft $(printf 'ipo-md-%s ' $taus); do
    name=$architecture-$stage
    answers "$out/$name" report "$out/$name.sampled.jsonl" --n 3 --seed 1
    answers "$out/$name" report "$out/$name.greedy.jsonl" --greedy
    policies="$policies --policy $name=$out/$name"
    sampled="$sampled $name=$out/$name.sampled.jsonl"
    greedy="$greedy $name=$out/$name.greedy.jsonl"
  done
done
for kind in sampled greedy; do
  printf '\n-- %s\n' "$kind"
  eval "named=\$$kind"
  figures rouge "$out/report.prompts.jsonl" $named
  printf '\n'
  figures gains "$out/report.prompts.jsonl" $(
    versus "$kind" encoder-decoder-sft decoder-sft
    for tau in $taus; do
      for architecture in $architectures; do versus "$kind" "$architecture-ipo-md-$tau" "$architecture-sft"; done
      versus "$kind" "encoder-decoder-ipo-md-$tau" "decoder-ipo-md-$tau"
    done
  )
done
printf '\n-- without a model\n'
figures rouge "$out/report.prompts.jsonl" "lead=$out/lead.jsonl" "other=$out/other.jsonl"

heading "win rates: the judge, then ROUGE"
for judge in "reward:$out/judge" "command:python3 Scripts/summaries.py judge $out/report.prompts.jsonl"; do
  "$poise" compare $policies --prompts "$out/report.prompts.jsonl" --judge "$judge" --samples 3 --seed 1 --quiet
done
