#!/bin/sh
# The repository stays small: what the suite compares with and the model that comes along have a limit each.
set -eu
cd "$(dirname "$0")/.."
failed=0

# limit FOLDER MIB: the files under the folder take no more than so much.
limit ()
{
  bytes=$(find "$1" -type f -exec cat {} + | wc -c)
  echo "$1: $bytes bytes of $(($2 * 1024 * 1024))"
  [ "$bytes" -le $(($2 * 1024 * 1024)) ] || failed=1
}

limit tests/fixtures 12
limit data/starter 24
exit $failed
