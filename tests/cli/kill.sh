#!/bin/sh
# kill.sh C2L: kills a drawing program again and again, at another moment of its work each time, and looks whether every picture that it
# left is whole, and whether an import that is killed leaves either no bundle or a whole one.
set -u
c2l=$(realpath "$1")
cd "$(dirname "$0")/../.."
source=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# kill_after SECONDS PATTERN: kills the program in the background so long after the first file of that name is there.
kill_after ()
{
  while kill -0 $! 2>/dev/null && ! ls $2 >/dev/null 2>&1; do
    sleep 0.01
  done
  sleep "$1"
  kill -9 $! 2>/dev/null
  wait $! 2>/dev/null
}

for round in 00 01 02 03 05 08 10 13 15 20 22 25 30 31 35 40 42 45 50 60; do
  "$c2l" generate "a happy man with a beard" -n 1000 --seed "1$round" --out "pictures-$round" >/dev/null 2>&1 &
  kill_after "0.$round" "pictures-$round/*.png"
done
for picture in pictures-*/*.png; do
  "$c2l" info "$picture" >/dev/null || { echo "$picture is damaged"; exit 1; }
done
echo "$(ls pictures-*/*.png | wc -l) pictures are whole"

for delay in 0 0.01 0.02 0.03 0.05 0.08 0.1 0.15 0.2; do
  rm -rf bundle bundle.part-*
  "$c2l" import bundle --generator "$source/data/starter/generator.safetensors" --prior "$source/data/starter/prior.safetensors" \
    >/dev/null 2>&1 &
  kill_after "$delay" "bundle*"
  [ ! -e bundle ] || "$c2l" info --verify bundle >/dev/null || { echo "a half bundle was left after $delay s"; exit 1; }
done
echo "no half bundle was left"
