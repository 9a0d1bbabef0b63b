#!/bin/sh
# Compares Poise with Hugging Face transformers and PEFT: models and adapters that those make, models that Poise has trained, and
# conversations.
#
#   INTEROP_MODELS  model folders to check, instead of both
#   INTEROP_PYTHON  a Python that has requirements.txt, instead of one that environment.sh finds or makes
set -eu
cd "$(dirname "$0")/../.."

poise=.build/release/poise
folder=.build/interop
python=$(sh Tests/interop/environment.sh)

if [ -z "${INTEROP_MODELS:-}" ]; then
  "$python" Tests/interop/check_families.py --poise "$poise"
  "$python" Tests/interop/check_adapters.py --poise "$poise"
  "$python" Tests/interop/check_conversations.py --poise "$poise"
  rm -rf "$folder/demo"
  mkdir -p "$folder"
  "$poise" demo --quick --quiet --out "$folder/demo" >/dev/null
  INTEROP_MODELS="$folder/demo/sft $folder/demo/ipo-md $folder/demo/reward"
fi
# shellcheck disable=SC2086 # the list is several words
exec "$python" Tests/interop/check_saved_model.py --poise "$poise" $INTEROP_MODELS
