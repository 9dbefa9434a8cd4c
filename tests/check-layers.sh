#!/bin/sh
# Calls go down only: app and cli → studio → models → compute, with formats beside compute. Every include of a header
# of this project names its room; this test reads them all and names each one that goes up or sideways.
set -eu
cd "$(dirname "$0")/.."
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT

# check FOLDER ALLOWED: no file of the folder includes anything but what the pattern allows. A header without a folder
# in its name is a neighbour and always allowed.
check ()
{
  [ -d "$1" ] || return 0
  grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*/[^"]*"' "$1" --include='*.[ch]' --include='*.cpp' --include='*.cu' \
      --include='*.cuh' | grep -vE "\"($2)\"" >>"$wrong" || true
}

check src/compute 'compute/.*'
check src/formats 'formats/.*|compute/dtype\.h'
check src/mpi     'compute/.*'
check src/models  'models/.*|formats/.*|compute/.*'
check src/studio  'studio/.*|models/.*|formats/.*|compute/.*'
# The library's public header may be read alone; its sources stand on studio as the programs do.
check src/libclip2latent 'libclip2latent/.*|studio/.*|models/.*|formats/.*|compute/.*'
check src/cli     'cli/.*|studio/.*|models/.*|formats/.*|compute/.*'
check src/app     'app/.*|studio/.*|formats/.*'
check kernels     'kernels/.*|compute/.*'

# Models are written over compute/ops.h and never see how a device works; only compute does.
grep -rn '"compute/op\.h"' src/models src/studio src/cli src/formats >>"$wrong" 2>/dev/null || true

if [ -s "$wrong" ]; then
  echo "includes that go up or sideways:"
  cat "$wrong"
  exit 1
fi
