#!/bin/sh
# install-packages.sh BUILD: installs the Debian packages of packages.txt that are missing, and says nothing when none is. Those of
# packages-optional.txt, too; where that fails it says so once, leaves a note in the folder BUILD and goes on.
# install-packages.sh BUILD LIST: those of LIST instead, none of which may be left out.
# As root it calls apt-get itself, otherwise through sudo. On a system without dpkg it only checks that the
# build tools can be found, because there the names of packages are others.
set -eu
list=${2:-$(dirname "$0")/packages.txt}
optional=$(dirname "$0")/packages-optional.txt
[ $# -lt 2 ] || optional=/dev/null
note=${1:-build}/without-optional-packages

if ! command -v dpkg-query >/dev/null 2>&1; then
  for tool in cc meson ninja pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || {
      echo "“$tool” is missing, and this is not a Debian system: install what $list names under your system's names" >&2
      exit 1
    }
  done
  exit 0
fi

# find_missing FILE: sets $missing to those of its packages that are not installed.
find_missing ()
{
  missing=
  for package in $(sed 's/#.*//' "$1"); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
  done
}

find_missing "$optional"
may_be_left_out=$missing
[ ! -e "$note" ] || may_be_left_out=
find_missing "$list"
[ -n "$missing$may_be_left_out" ] || exit 0

leave_out ()
{
  echo "Going on without$may_be_left_out; to try again, remove $note"
  mkdir -p "${note%/*}"
  echo "$may_be_left_out" >"$note"
  exit 0
}

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    [ -n "$missing" ] || leave_out
    echo "These packages are missing:$missing" >&2
    echo "Install them as root (apt-get install$missing), or install sudo, and run this again" >&2
    exit 1
  fi
  as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install ()
{
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $missing >"$log" 2>&1 </dev/null
}

# The lists may be missing or out of date: then they are fetched and it is tried once more.
try ()
{
  echo "Installing$missing"
  install && return 0
  $as_root apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null 2>&1 </dev/null || true
  install
}

if [ -n "$missing" ] && ! try; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install$missing: see above" >&2
  exit 1
fi
missing=$may_be_left_out
[ -z "$missing" ] || try || leave_out
