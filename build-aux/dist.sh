#!/bin/sh
# dist.sh FOLDER: packs what is committed as FOLDER/clip2latent-VERSION.tar.xz and prints its path. The same commit gives the same bytes
# whenever, wherever and by whomever it is packed: names in order, times of the commit, no owner, no settings of git's user.
set -eu
folder=$1
source=$(cd "$(dirname "$0")/.." && pwd)

fail ()
{
  echo "make dist: $1" >&2
  exit 1
}

command -v git >/dev/null && command -v xz >/dev/null || fail "git and xz are wanted"
top=$(git -C "$source" rev-parse --show-toplevel 2>/dev/null) || top=
[ "$top" = "$source" ] || fail "$source is no git checkout; a release is packed from one"
[ -z "$(git -C "$source" status --porcelain)" ] || echo "make dist: what is not committed is left out" >&2

version=$(git -C "$source" show HEAD:meson.build | sed -n "s/^ *version: '\(.*\)',$/\1/p" | head -n 1)
[ -n "$version" ] || fail "meson.build does not say which version this is"
name=clip2latent-$version
mkdir -p "$folder"
archive=$folder/$name.tar.xz

# One thread: with several, xz cuts the data by how many there are.
git -C "$source" -c tar.umask=0022 -c core.autocrlf=false -c core.attributesFile=/dev/null \
  archive --format=tar --prefix="$name/" HEAD >"$archive.tar.part"
unset XZ_DEFAULTS XZ_OPT
xz -6 -T1 -c "$archive.tar.part" >"$archive.part"
rm "$archive.tar.part"
mv "$archive.part" "$archive"
echo "$archive"
