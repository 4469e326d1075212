#!/bin/sh
# virtualenv.sh PIPENV RELEASE FOLDER GROUP MARKER: what RELEASE/Pipfile.lock pins, hashes checked, in FOLDER/.venv.
# MARKER in FOLDER says that it is whole; a run that is cut off leaves none, and the next one begins anew.
set -eu
pipenv=$1 release=$2 folder=$3 group=$4 marker=$5
trap 'test -e "$folder/$marker" || rm -rf "$folder"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
cp "$release/Pipfile" "$release/Pipfile.lock" "$folder"
cd "$folder"
export PIPENV_VENV_IN_PROJECT=1 PIPENV_NOSPIN=1 PIP_NO_CACHE_DIR=1 CI=1 NO_COLOR=1 TERM=dumb COLUMNS=1000
said=$("$pipenv" sync 2>&1) || {
    echo "$said"
    echo "$said" | grep -E -m 1 'No space left|HASH|rror:' >&2
    exit 1
}
chgrp -R "$group" "$folder"
chmod 0750 "$folder"
sync
touch "$folder/$marker"
