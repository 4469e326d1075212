#!/bin/sh
# install.sh FOLDER MARKER < LOCK: makes a virtualenv with what LOCK pins; the file MARKER in it marks it as complete.
set -eu
folder=$1 marker=$2
trap 'test -e "$folder/$marker" || rm -rf "$folder"' EXIT
rm -rf "$folder"
python3 -m venv "$folder" >&2
mkdir "$folder/tmp" # the host's own /tmp may be small
export TMPDIR="$folder/tmp" XDG_CACHE_HOME="$folder/tmp" PIP_USER=0 # whatever root's pip.conf says
"$folder/bin/pip" install --no-cache-dir --require-hashes --no-deps --requirement /dev/stdin >&2
rm -rf "$folder/tmp"
sync
touch "$folder/$marker"
