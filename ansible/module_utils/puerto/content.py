"""What lies in a folder, written down when it is made, and compared later: an edit on the host is found by it.

Run with folders it says what differs in each, as the host tests do: ``python3 content.py /var/www/…/current``.
"""

import functools
import grp
import hashlib
import json
import os
import pwd
import stat
import sys
from pathlib import Path

RECORD = "content.json"
LATER = (RECORD, "verdict.json", ".venv")
"""What Puerto itself writes into a folder after it was made; where .venv leads is looked at with the virtualenv."""

CACHE = "__pycache__"
"""Python's own, which it makes wherever root runs it; what a cache holds is in the file beside it."""


def record(folder):
    """Return what lies in a folder: path → what it is, whose, its mode, and a file's SHA-256 or a link's target."""
    return {name: _entry(Path(folder, name)) for name in _names(folder)}


def differences(folder, reads_all=True):
    """Return what isn't as the folder's record says, in words; nothing where all is.

    Args:
        reads_all: or only files that the kernel says were touched since the record: a virtualenv has 500 MiB.
    """
    try:
        made = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        since = 0 if reads_all else (folder / RECORD).stat().st_mtime_ns
    except (OSError, ValueError):
        return [f"{RECORD}: can't be read"]
    found = set(_names(folder))
    sentences = [f"{name}: was removed" for name in made.keys() - found]
    sentences += [f"{name}: was added" for name in found - made.keys()]
    for name in made.keys() & found:
        sentences += [f"{name}: {what}" for what in _compared(made[name], f"{folder}/{name}", since)]
    return sorted(sentences)


def _names(folder):
    """Return the paths of a folder, which is ".", and of all that lies in it; links aren't followed."""
    yield "."
    for here, folders, files in os.walk(folder):
        if CACHE in folders:
            folders.remove(CACHE)
        inside = here[len(str(folder)) + 1 :]
        later = () if inside else LATER
        yield from (f"{inside}/{name}" if inside else name for name in (*folders, *files) if name not in later)


def _entry(path):
    status = path.lstat()
    entry = {"kind": _kind(status), "owner": _owner(status.st_uid, status.st_gid)}
    if stat.S_ISLNK(status.st_mode):
        return entry | {"target": str(path.readlink())}
    entry |= {"mode": f"{stat.S_IMODE(status.st_mode):04o}"}
    return entry | {"sha256": _sha256(path)} if stat.S_ISREG(status.st_mode) else entry


def _compared(made, path, since):
    if os.lstat(path).st_ctime_ns < since:
        return []
    found = _entry(Path(path))
    if found["kind"] != made["kind"]:
        return [f"is a {found['kind']}, not a {made['kind']}"]
    told = {"owner": "is {}'s, not {}'s", "mode": "has mode {}, not {}", "target": "leads to {}, not to {}"}
    changed = [words.format(found[key], made[key]) for key, words in told.items() if found.get(key) != made.get(key)]
    return changed + ["was changed"] * (found.get("sha256") != made.get("sha256"))


def _kind(status):
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
    return next((kind for matches, kind in kinds if matches(status.st_mode)), "special file")


@functools.cache
def _owner(user, group):
    return f"{_name(pwd.getpwuid, user)}:{_name(grp.getgrgid, group)}"


def _name(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def _sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    for each in map(Path, sys.argv[1:]):
        for sentence in differences(each.resolve()):
            print(f"{each}: {sentence}")
