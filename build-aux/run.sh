#!/bin/sh
# What `make run` shows: pictures of an example prompt by the starter model. There is no window yet, so they are
# drawn by c2l into a folder.
set -eu
c2l=$1
out=${2:-pictures/example}
prompt="a person with red hair and glasses"

if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  echo "No display here: drawing with c2l instead of opening a window."
else
  echo "The window does not exist yet: drawing with c2l."
fi
echo "Prompt: $prompt"
# The same pictures each time: those of the last time make room.
rm -f "$out"/a-person-with-red-hair-and-glasses-1-*.png
"$c2l" generate "$prompt" -n 16 --seed 1 --sort score --out "$out" --grid "$out/grid.png"
echo "Sixteen pictures, best first, are in $out/, all of them together in $out/grid.png"
