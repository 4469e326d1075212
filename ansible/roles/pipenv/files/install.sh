#!/bin/sh
# install.sh FOLDER MARKER: makes a virtualenv with what $PIPENV_LOCK pins; the file MARKER in it marks it as complete.
set -eu
folder=$1 marker=$2
trap 'test -e "$folder/$marker" || rm -rf "$folder"' EXIT
rm -rf "$folder"
python3 -m venv "$folder"
printf '%s\n' "$PIPENV_LOCK" |
    "$folder/bin/pip" install --quiet --no-cache-dir --require-hashes --no-deps --requirement /dev/stdin
sync
touch "$folder/$marker"
