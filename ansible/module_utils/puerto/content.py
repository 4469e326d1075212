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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RECORD = "content.json"
WRITTEN_LATER = (RECORD, "verdict.json", ".venv")
"""What Puerto itself writes into a folder after it was made; where .venv leads is looked at with the virtualenv."""

Entry = dict[str, str]
"""What a path is, whose, its mode, and a file's SHA-256 or a link's target."""

CACHE = "__pycache__"
"""Python's own, which it makes wherever root runs it; what a cache holds is in the file beside it."""


def write_record(folder: Path) -> None:
    """Write down what lies in a folder; whole or not at all, and for root alone."""
    text = json.dumps(entries(folder), indent=1, ensure_ascii=False) + "\n"
    partial = folder / f".{RECORD}.new"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / RECORD)


def entries(folder: Path) -> dict[str, Entry]:
    """Return what lies in a folder, by path."""
    return {name: _entry(Path(folder, name)) for name in _names(folder)}


def differences(folder: Path, reads_all: bool = True) -> list[str]:
    """Return what isn't as the folder's record says, in words; nothing where all is.

    Args:
        reads_all: or only files that the kernel says were touched since the record: a virtualenv has 500 MiB.
    """
    try:
        made = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        since = 0 if reads_all else (folder / RECORD).stat().st_mtime_ns
    except (OSError, ValueError):
        return [f"{RECORD}: can't be read"]
    names = set(_names(folder))
    sentences = [f"{name}: was removed" for name in made.keys() - names]
    sentences += [f"{name}: was added" for name in names - made.keys()]
    for name in made.keys() & names:
        sentences += [f"{name}: {what}" for what in _changes(made[name], f"{folder}/{name}", since)]
    return sorted(sentences)


def _names(folder: Path) -> Iterator[str]:
    """Return the paths of a folder, which is ".", and of all that lies in it; links aren't followed."""
    yield "."
    for here, folders, files in os.walk(folder):
        if CACHE in folders:
            folders.remove(CACHE)
        inside = here[len(str(folder)) + 1 :]
        later = () if inside else WRITTEN_LATER
        yield from (f"{inside}/{name}" if inside else name for name in (*folders, *files) if name not in later)


def _entry(path: Path) -> Entry:
    status = path.lstat()
    entry = {"kind": _kind(status), "owner": _owner(status.st_uid, status.st_gid)}
    if stat.S_ISLNK(status.st_mode):
        return entry | {"target": str(path.readlink())}
    entry |= {"mode": f"{stat.S_IMODE(status.st_mode):04o}"}
    return entry | {"sha256": _sha256(path)} if stat.S_ISREG(status.st_mode) else entry


SENTENCES = {"owner": "is {}'s, not {}'s", "mode": "has mode {}, not {}", "target": "leads to {}, not to {}"}


def _changes(made: Entry, path: str, since: int) -> list[str]:
    if os.lstat(path).st_ctime_ns < since:
        return []
    now = _entry(Path(path))
    if now["kind"] != made["kind"]:
        return [f"is a {now['kind']}, not a {made['kind']}"]
    changes = [
        sentence.format(now[key], made[key]) for key, sentence in SENTENCES.items() if now.get(key) != made.get(key)
    ]
    return changes + ["was changed"] * (now.get("sha256") != made.get("sha256"))


def _kind(status: os.stat_result) -> str:
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
    return next((kind for matches, kind in kinds if matches(status.st_mode)), "special file")


@functools.cache
def _owner(user: int, group: int) -> str:
    return f"{_name(pwd.getpwuid, user)}:{_name(grp.getgrgid, group)}"


def _name(look_up: Callable[[int], Any], number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    for argument in map(Path, sys.argv[1:]):
        for sentence in differences(argument.resolve()):
            print(f"{argument}: {sentence}")
