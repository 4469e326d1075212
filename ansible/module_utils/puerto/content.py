"""The content of a folder, recorded when it is made and compared later, so that edits on the host are found.

Run with folders, it prints what differs in each, as the host tests do: ``python3 content.py /var/www/…/current``.
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
"""What Puerto itself writes into a folder after it was made; the link .venv is checked with the virtualenv."""

Entry = dict[str, str]
"""What a path is, its owner, its mode, and a file's SHA-256 or a link's target."""

CACHE = "__pycache__"
"""Python's own, made wherever root runs Python; a cache only holds what the file beside it says."""


def write_record(folder: Path) -> None:
    """Record the content of a folder; in full or not at all, and readable to root alone."""
    text = json.dumps(entries(folder), indent=1, ensure_ascii=False) + "\n"
    partial = folder / f".{RECORD}.new"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / RECORD)


def entries(folder: Path) -> dict[str, Entry]:
    """Return the content of a folder, by path."""
    return {name: _entry(Path(folder, name)) for name in _names(folder)}


def differences(folder: Path, reads_all: bool = True) -> list[str]:
    """Return how a folder differs from its record, a sentence per difference.

    Args:
        reads_all: whether all files are read, or only those changed since, by their ctime: a virtualenv has 500 MiB.
    """
    try:
        recorded = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        since = 0 if reads_all else (folder / RECORD).stat().st_mtime_ns
    except (OSError, ValueError):
        return [f"{RECORD}: can't be read"]
    names = set(_names(folder))
    sentences = [f"{name}: was removed" for name in recorded.keys() - names]
    sentences += [f"{name}: was added" for name in names - recorded.keys()]
    for name in recorded.keys() & names:
        sentences += [f"{name}: {change}" for change in _changes(recorded[name], f"{folder}/{name}", since)]
    return sorted(sentences)


def _names(folder: Path) -> Iterator[str]:
    """Return the paths of a folder, which is ".", and of all that is in it; links aren't followed."""
    yield "."
    for path, folders, files in os.walk(folder):
        if CACHE in folders:
            folders.remove(CACHE)
        relative = path[len(str(folder)) + 1 :]
        skipped = () if relative else WRITTEN_LATER
        yield from (f"{relative}/{name}" if relative else name for name in (*folders, *files) if name not in skipped)


def _entry(path: Path) -> Entry:
    metadata = path.lstat()
    entry = {"kind": _kind(metadata), "owner": _owner(metadata.st_uid, metadata.st_gid)}
    if stat.S_ISLNK(metadata.st_mode):
        return entry | {"target": str(path.readlink())}
    entry |= {"mode": f"{stat.S_IMODE(metadata.st_mode):04o}"}
    return entry | {"sha256": _sha256(path)} if stat.S_ISREG(metadata.st_mode) else entry


SENTENCES = {"owner": "belongs to {}, not to {}", "mode": "has mode {}, not {}", "target": "points to {}, not to {}"}
"""Property of an entry → its sentence: what it is, and what it was."""


def _changes(recorded: Entry, path: str, since: int) -> list[str]:
    if os.lstat(path).st_ctime_ns < since:
        return []
    present = _entry(Path(path))
    if present["kind"] != recorded["kind"]:
        return [f"is a {present['kind']}, not a {recorded['kind']}"]
    changes = [
        sentence.format(present[name], recorded[name])
        for name, sentence in SENTENCES.items()
        if present.get(name) != recorded.get(name)
    ]
    return changes + ["was changed"] * (present.get("sha256") != recorded.get("sha256"))


def _kind(metadata: os.stat_result) -> str:
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
    return next((kind for matches, kind in kinds if matches(metadata.st_mode)), "special file")


@functools.cache
def _owner(uid: int, gid: int) -> str:
    return f"{_name(pwd.getpwuid, uid)}:{_name(grp.getgrgid, gid)}"


def _name(look_up: Callable[[int], Any], identifier: int) -> str:
    try:
        return str(look_up(identifier)[0])
    except KeyError:
        return str(identifier)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    for folder in map(Path, sys.argv[1:]):
        for difference in differences(folder.resolve()):
            print(f"{folder}: {difference}")
