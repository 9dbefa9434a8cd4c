#!/bin/sh
# configure-and-build.sh FOLDER [MESON OPTION…]: configures the folder if that was not done, builds it, and prints
# nothing unless something fails; then the end of the log, which stays in FOLDER/build-log.txt.
set -eu
folder=$1
shift
mkdir -p "$folder"
log=$folder/build-log.txt
: >"$log"

fail ()
{
  tail -n 60 "$log" >&2
  echo "The build failed; the whole log is $log" >&2
  exit 1
}

if [ ! -f "$folder/build.ninja" ]; then
  wipe=
  [ ! -d "$folder/meson-private" ] || wipe=--wipe
  meson setup $wipe "$folder" "$@" >>"$log" 2>&1 || fail
elif [ $# -gt 0 ]; then
  options=
  for option; do
    case $option in
      --prefix=*) options="$options -Dprefix=${option#--prefix=}" ;;
      --buildtype=*) options="$options -Dbuildtype=${option#--buildtype=}" ;;
      *) options="$options $option" ;;
    esac
  done
  meson configure "$folder" $options >>"$log" 2>&1 || fail
fi
ninja -C "$folder" >>"$log" 2>&1 || fail
