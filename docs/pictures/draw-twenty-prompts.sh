#!/bin/sh
# draw-twenty-prompts.sh [C2L]: draws the README's picture. For each line of twenty-prompts.txt 16 pictures by the starter at its
# usual settings; the one that its CLIP scores highest goes into twenty-prompts.png. The prompts are chosen by hand, the pictures are not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
c2l=${1:-c2l}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

"$c2l" generate --prompts "$here/twenty-prompts.txt" -n 16 --seed 3 --sort score --out "$folder/all" >"$folder/lines"
# Best first, 16 lines a prompt; file names hold no spaces.
set -- $(awk 'NR % 16 == 1 { print "--from", $1 }' "$folder/lines")
"$c2l" generate "$@" --out "$folder/best" --grid "$here/twenty-prompts.png" >/dev/null
