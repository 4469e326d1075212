#!/bin/sh
# virtualenv.sh PIPENV RELEASE FOLDER MARKER: installs what RELEASE/Pipfile.lock pins, with hashes checked, in FOLDER/.venv.
# The file MARKER in FOLDER marks it as complete; a run that is cut off leaves none, and the next one starts afresh.
set -eu
umask 022 # whatever root's is: the application must be able to read it
pipenv=$1 release=$2 folder=$3 marker=$4
trap 'test -e "$folder/$marker" || rm -rf "$folder"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
cp "$release/Pipfile" "$release/Pipfile.lock" "$folder"
cd "$folder"
# pip would compile one file at a time, the tests of numpy and others included; below it is done on all cores.
export PIP_COMPILE=0
export PIPENV_VENV_IN_PROJECT=1 PIPENV_NOSPIN=1 PIP_NO_CACHE_DIR=1 CI=1 NO_COLOR=1 TERM=dumb COLUMNS=1000
output=$("$pipenv" sync 2>&1) || {
    echo "$output"
    echo "$output" | grep -E -m 1 'No space left|HASH|rror:' >&2
    exit 1
}
# As with pip, a file that can't be compiled is left as it is.
.venv/bin/python -m compileall -q -j 0 -x 'site-packages/.*/tests/' "$PWD/.venv/lib" >/dev/null 2>&1 || true
sync
touch "$folder/$marker"
