#!/bin/sh
# Makes sure that the C libraries Poise calls are installed: OpenBLAS, LAPACKE, and pkg-config to find them.
set -eu

packages="libopenblas-dev liblapacke-dev pkg-config"

found() {
  command -v pkg-config >/dev/null && pkg-config --exists openblas lapacke
}

is_installed() {
  dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_with_apt() {
  missing=""
  for package in $packages; do
    is_installed "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || missing=" $packages"
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "Missing:$missing. Run as root, or ask an administrator: apt-get install$missing"
    as_root=sudo
  fi
  echo "Installing$missing with apt …"
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 # the list is several words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

fail() {
  echo "$1" >&2
  exit 1
}

if ! command -v swift >/dev/null; then
  fail "Swift 6.2 or later is needed and 'swift' is not on the PATH; see https://www.swift.org/install."
fi
if [ "$(uname -s)" = Darwin ]; then
  brew list openblas lapack >/dev/null 2>&1 || fail "OpenBLAS and LAPACKE are missing: brew install openblas lapack"
elif ! found; then
  if command -v apt-get >/dev/null; then
    install_with_apt
    found || fail "apt installed$missing, but pkg-config still does not know openblas and lapacke."
  else
    fail "OpenBLAS and LAPACKE are missing. Install their development files and pkg-config (Fedora: openblas-devel lapack-devel \
pkgconf; Arch: openblas lapacke pkgconf), then run make again."
  fi
fi
