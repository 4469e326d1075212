#!/bin/sh
# virtualenv.sh PIPENV RELEASE FOLDER MARKER: what RELEASE/Pipfile.lock pins, hashes checked, in FOLDER/.venv.
# MARKER in FOLDER says that it is whole; a run that is cut off leaves none, and the next one begins anew.
set -eu
umask 022 # whatever root has: the application reads it
pipenv=$1 release=$2 folder=$3 marker=$4
trap 'test -e "$folder/$marker" || rm -rf "$folder"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
cp "$release/Pipfile" "$release/Pipfile.lock" "$folder"
cd "$folder"
# pip compiles one file after the other, tests of numpy and its like included; below it is done on all cores.
export PIP_COMPILE=0
export PIPENV_VENV_IN_PROJECT=1 PIPENV_NOSPIN=1 PIP_NO_CACHE_DIR=1 CI=1 NO_COLOR=1 TERM=dumb COLUMNS=1000
said=$("$pipenv" sync 2>&1) || {
    echo "$said"
    echo "$said" | grep -E -m 1 'No space left|HASH|rror:' >&2
    exit 1
}
# As with pip, what can't be compiled isn't.
.venv/bin/python -m compileall -q -j 0 -x 'site-packages/.*/tests/' "$PWD/.venv/lib" >/dev/null 2>&1 || true
sync
touch "$folder/$marker"
