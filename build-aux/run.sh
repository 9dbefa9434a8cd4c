#!/bin/sh
# run.sh BUILD: what `make run` shows. Where there is a display, the window, drawing an example prompt with the starter model; elsewhere
# c2l draws it into a folder.
set -eu
build=$1
out=${2:-pictures/example}
prompt="a person with red hair and glasses"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -x "$build/src/app/clip2latent" ]; then
  exec "$build/src/app/clip2latent" --prompt "$prompt"
fi

echo "No display here: drawing with c2l instead of opening a window."
echo "Prompt: $prompt"
# The same pictures each time: those of the last time make room.
rm -f "$out"/a-person-with-red-hair-and-glasses-1-*.png
"$build/src/cli/c2l" generate "$prompt" -n 16 --seed 1 --sort score --out "$out" --grid "$out/grid.png"
echo "Sixteen pictures, best first, are in $out/, all of them together in $out/grid.png"
