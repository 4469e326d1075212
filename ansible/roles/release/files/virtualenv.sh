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
mkdir "$folder/tmp" # the host's own /tmp may be small
export TMPDIR="$folder/tmp" XDG_CACHE_HOME="$folder/tmp" PIP_USER=0 # whatever root's pip.conf says
export PIPENV_VENV_IN_PROJECT=1 PIPENV_NOSPIN=1 PIP_NO_CACHE_DIR=1 CI=1 NO_COLOR=1 TERM=dumb COLUMNS=1000
"$pipenv" sync --categories "packages model-packages"
# As with pip, a file that can't be compiled is left as it is.
.venv/bin/python -m compileall -q -j 0 -x 'site-packages/.*/tests/' "$PWD/.venv/lib" >/dev/null 2>&1 || true
rm -rf "$folder/tmp"
sync
touch "$folder/$marker"
