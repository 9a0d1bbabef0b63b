#!/bin/sh
# Prints a Python that has requirements.txt: INTEROP_PYTHON, or the first of python3 and the virtual environment under .build/
# that has it, or that environment made now.
set -eu
cd "$(dirname "$0")/../.."

venv=.build/interop/venv

has_requirements() {
  "$1" -c 'import peft, torch, transformers; assert int(transformers.__version__.split(".")[0]) >= 5' 2>/dev/null
}

for python in ${INTEROP_PYTHON:-python3 "$venv/bin/python"}; do
  if has_requirements "$python"; then
    echo "$python"
    exit
  fi
done
if [ -n "${INTEROP_PYTHON:-}" ]; then
  echo "INTEROP_PYTHON, $INTEROP_PYTHON, does not have what Tests/interop/requirements.txt lists." >&2
  exit 1
fi

if ! python3 -c 'import ensurepip, venv' 2>/dev/null && command -v apt-get >/dev/null; then
  echo "Installing python3-venv with apt …" >&2
  as_root=""
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  $as_root apt-get update -qq >&2
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
fi
echo "Installing PyTorch, transformers and PEFT into $venv: minutes, and gigabytes where pip finds no build for the CPU alone …" >&2
python3 -m venv "$venv" >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r Tests/interop/requirements.txt >&2
has_requirements "$venv/bin/python"
echo "$venv/bin/python"
