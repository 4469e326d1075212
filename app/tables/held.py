"""Uploads that were checked and whose answers may be fetched: held for minutes, where no other user can read them.

Who has the name of one may fetch it: it is random, and stands in the page that answers the upload alone. They are few
and small together; the oldest makes room. Each release has a folder of its own (``PrivateTmp``): a new one asks for the
table again.
"""

import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

MINUTES = 10
MOST_BYTES, MOST_TABLES = 32 << 20, 100
"""Of all that are held at once; larger ones aren't held."""

NAME = re.compile(r"[A-Za-z0-9_-]{43}")
_clearing = threading.Lock()


def hold(file: IO[bytes]) -> str:
    """Copy an upload, and return the name by which it is fetched; empty where it can't be held."""
    size, name = file.seek(0, os.SEEK_END), secrets.token_urlsafe(32)
    file.seek(0)
    try:
        folder = _folder()
        _make_room(folder, size)
        _write(folder / name, file)
    except OSError:
        return ""
    _clear_later()
    return name


def fetched(name: str) -> IO[bytes] | None:
    """Return an upload; None where it isn't held any more."""
    if not NAME.fullmatch(name):
        return None
    try:
        file = (_folder() / name).open("rb")
    except OSError:
        return None
    if _is_old(os.fstat(file.fileno())):
        file.close()
        return None
    return file


def clear() -> int:
    """Remove what is older than it may be, and return how many are left."""
    with suppress(OSError):
        return len(_kept(_folder()))
    return 0


def clear_what_others_left() -> None:
    """Have what a worker that has ended left behind removed in time, by this one."""
    if clear():
        _clear_later()


def _folder() -> Path:
    """Return this user's own folder.

    Raises:
        OSError: it can't be made, or is another's, or others can read it.
    """
    folder = Path(tempfile.gettempdir()) / f"puerto-tables-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(0o700)
        folder.chmod(0o700)  # whatever the umask is
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(folder)
    return folder


def _kept(folder: Path) -> list[tuple[float, int, Path]]:
    """Remove what is too old, and return the others: when they were held, bytes, path; the oldest first."""
    kept = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another worker removed it
            found = path.lstat()
            if _is_old(found):
                path.unlink()
            else:
                kept.append((found.st_mtime, found.st_size, path))
    return sorted(kept)


def _make_room(folder: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise OSError("too large to be held")
    kept = _kept(folder)
    while kept and (len(kept) >= MOST_TABLES or sum(bytes_ for _, bytes_, _ in kept) + size > MOST_BYTES):
        kept.pop(0)[2].unlink(missing_ok=True)


def _write(path: Path, file: IO[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as copy:
            shutil.copyfileobj(file, copy)
    except OSError:  # the disk is full
        path.unlink()
        raise


def _is_old(found: os.stat_result) -> bool:
    return not 0 <= time.time() - found.st_mtime < 60 * MINUTES


def _clear_later() -> None:
    """Clear each minute, until nothing is left: one thread of a worker waits for it."""
    if _clearing.acquire(blocking=False):
        threading.Thread(target=_clear_until_empty, name="held tables", daemon=True).start()


def _clear_until_empty() -> None:
    try:
        time.sleep(60)
        while clear():
            time.sleep(60)
    finally:
        _clearing.release()
