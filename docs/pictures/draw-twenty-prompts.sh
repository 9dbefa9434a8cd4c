#!/bin/sh
# draw-twenty-prompts.sh [C2L [MODEL OUT.png]]: draws the README's picture, or another model's. For each line of twenty-prompts.txt 16 pictures by
# the starter at its usual settings; the one that its CLIP scores highest goes into twenty-prompts.png. The prompts are chosen by hand, the
# pictures are not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
c2l=${1:-c2l}
model=${2-}
out=${3:-$here/twenty-prompts.png}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

"$c2l" generate ${model:+--model "$model"} --prompts "$here/twenty-prompts.txt" -n 16 --seed 3 --sort score --out "$folder/all" >"$folder/lines"
# Best first, 16 lines a prompt; file names hold no spaces.
set -- $(awk 'NR % 16 == 1 { print "--from", $1 }' "$folder/lines")
"$c2l" generate ${model:+--model "$model"} "$@" --out "$folder/best" --grid "$out" >/dev/null
