#!/bin/sh
# install-packages.sh [LIST]: installs the Debian packages of packages.txt, or of LIST, that are missing, and says nothing when none is.
# As root it calls apt-get itself, otherwise through sudo. On a system without dpkg it only checks that the
# build tools can be found, because there the names of packages are others.
set -eu
list=${1:-$(dirname "$0")/packages.txt}

if ! command -v dpkg-query >/dev/null 2>&1; then
  for tool in cc meson ninja pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || {
      echo "“$tool” is missing, and this is not a Debian system: install what $list names under your system's names" >&2
      exit 1
    }
  done
  exit 0
fi

missing=
for package in $(sed 's/#.*//' "$list"); do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
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

echo "Installing$missing"
# The lists may be missing or out of date: then fetch them and try once more.
if ! install; then
  $as_root apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null 2>&1 </dev/null || true
  if ! install; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install$missing: see above" >&2
    exit 1
  fi
fi
