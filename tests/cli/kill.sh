#!/bin/sh
# kill.sh C2L: kills a drawing program again and again at random moments, and looks whether every picture that it left is whole, and
# whether an import that is killed leaves either no bundle or a whole one.
set -u
c2l=$(realpath "$1")
cd "$(dirname "$0")/../.."
source=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  "$c2l" generate "a happy man with a beard" -n 1000 --seed "$round" >list 2>/dev/null &
  sleep "1.$round"
  kill -9 $!
  wait $! 2>/dev/null
done
for picture in pictures/*.png; do
  "$c2l" info "$picture" >/dev/null || { echo "$picture is damaged"; exit 1; }
done
echo "$(ls pictures/*.png | wc -l) pictures are whole"

for delay in 0.01 0.02 0.03 0.05 0.08 0.1 0.15 0.2; do
  rm -rf bundle bundle.part-*
  "$c2l" import bundle --generator "$source/data/starter/generator.safetensors" --prior "$source/data/starter/prior.safetensors" \
    >/dev/null 2>&1 &
  sleep "$delay"
  kill -9 $! 2>/dev/null
  wait $! 2>/dev/null
  [ ! -e bundle ] || "$c2l" info --verify bundle >/dev/null || { echo "a half bundle was left after $delay s"; exit 1; }
done
echo "no half bundle was left"
