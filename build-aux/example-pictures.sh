#!/bin/sh
# example-pictures.sh C2L: draws the pictures of data/examples anew, with which the Models page shows what the starter
# draws. To be called when the starter changes.
set -eu
c2l=$1
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0

# draw PROMPT SEED
draw ()
{
  number=$((number + 1))
  "$c2l" generate --model data/starter --precision f32 --seed "$2" --out "$folder/$number" "$1" >"$folder/names"
  mv "$(cat "$folder/names")" "data/examples/starter-$number.png"
}

draw 'a person with red hair and glasses' 0
draw 'a happy man with a beard' 0
draw 'a woman with long pink hair' 0
draw 'a surprised person with dark skin' 0
