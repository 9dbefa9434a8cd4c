#!/bin/sh
# deb.sh FOLDER [PROFILE…]: builds Debian packages of what is committed, in FOLDER, and has lintian look at them. Profiles add packages that
# not every machine can build: pkg.clip2latent.mpi, pkg.clip2latent.cuda.
set -eu
folder=$1
shift
profiles=$(echo "$*" | tr ' ' ,)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/build-log.txt

archive=$("$here/dist.sh" "$folder")
name=$(basename "$archive" .tar.xz)
mv "$archive" "$folder/clip2latent_${name#clip2latent-}.orig.tar.xz"
rm -rf "${folder:?}/$name"
tar -C "$folder" -xf "$folder/clip2latent_${name#clip2latent-}.orig.tar.xz"
# The tarball is the program's, debian/ is the packager's.
cp -r "$folder/$name/build-aux/debian" "$folder/$name/debian"
chmod +x "$folder/$name/debian/rules"
cd "$folder/$name"
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -STimestamp)
export SOURCE_DATE_EPOCH
DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS:-nocheck} dpkg-buildpackage -us -uc ${profiles:+"--build-profiles=$profiles"} >"$log" 2>&1 || {
  tail -n 60 "$log" >&2
  echo "The packages could not be built; the whole log is $log" >&2
  exit 1
}
cd "$folder"
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs ./*.changes
ls ./*.deb
