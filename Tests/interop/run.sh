#!/bin/sh
# Saves models with Poise and compares them with Hugging Face transformers.
#
#   INTEROP_MODELS  model folders to check, instead of a small one trained here
#   INTEROP_PYTHON  a Python that has requirements.txt installed, instead of a virtual environment under .build/
set -eu
cd "$(dirname "$0")/../.."

poise=.build/release/poise
folder=.build/interop
mkdir -p "$folder"

if [ -z "${INTEROP_PYTHON:-}" ]; then
  INTEROP_PYTHON=$folder/venv/bin/python
  if ! "$INTEROP_PYTHON" -c 'import torch, transformers' 2>/dev/null; then
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null && command -v apt-get >/dev/null; then
      echo "Installing python3-venv with apt …"
      as_root=""
      [ "$(id -u)" -eq 0 ] || as_root=sudo
      $as_root apt-get update -qq
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    fi
    echo "Installing PyTorch and transformers into $folder/venv; this takes gigabytes and minutes …"
    python3 -m venv "$folder/venv"
    "$INTEROP_PYTHON" -m pip install --quiet --disable-pip-version-check -r Tests/interop/requirements.txt
  fi
fi

if [ -z "${INTEROP_MODELS:-}" ]; then
  rm -rf "$folder/demo"
  "$poise" demo --quick --quiet --out "$folder/demo" >/dev/null
  INTEROP_MODELS="$folder/demo/sft $folder/demo/ipo-md $folder/demo/reward"
fi
# shellcheck disable=SC2086 # the list is several words
exec "$INTEROP_PYTHON" Tests/interop/check_saved_model.py --poise "$poise" $INTEROP_MODELS
