#!/bin/sh
# deb.sh FOLDER [PROFILE…]: builds Debian packages of what is committed, in FOLDER, and has lintian look at them. Where nvcc is, that of the
# CUDA module is among them. Profiles, where some are given, are taken as they are: pkg.clip2latent.cuda, pkg.clip2latent.nompi.
set -eu
folder=$1
shift
profiles=$(echo "$*" | tr ' ' ,)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/build-log.txt

# What an earlier version or other profiles left is not to be taken for this one's.
rm -f "$folder"/*.deb "$folder"/*.changes "$folder"/*.buildinfo "$folder"/*.dsc "$folder"/*.tar.xz
archive=$("$here/dist.sh" "$folder")
name=$(basename "$archive" .tar.xz)
mv "$archive" "$folder/clip2latent_${name#clip2latent-}.orig.tar.xz"
rm -rf "${folder:?}/$name"
tar -C "$folder" -xf "$folder/clip2latent_${name#clip2latent-}.orig.tar.xz"
# The tarball is the program's, debian/ is the packager's.
cp -r "$folder/$name/build-aux/debian" "$folder/$name/debian"
chmod +x "$folder/$name/debian/rules"
cd "$folder/$name"

unchecked=
if [ -z "$profiles" ] && { command -v nvcc || [ -x /usr/local/cuda/bin/nvcc ]; } >/dev/null; then
  # A CUDA toolkit that NVIDIA's installer brought is no package that could be asked for; all else is.
  if ! dpkg-query -W -f '${db:Status-Status}' nvidia-cuda-toolkit 2>/dev/null | grep -qx installed; then
    dpkg-checkbuilddeps
    unchecked=-d
  fi
  profiles=pkg.clip2latent.cuda
fi

SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -STimestamp)
export SOURCE_DATE_EPOCH
DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS:-nocheck} dpkg-buildpackage -us -uc $unchecked ${profiles:+"--build-profiles=$profiles"} >"$log" 2>&1 || {
  tail -n 60 "$log" >&2
  echo "The packages could not be built; the whole log is $log" >&2
  exit 1
}
cd "$folder"
# There is no bug to close: these packages are not uploaded to Debian.
lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs ./*.changes
ls ./*.deb
