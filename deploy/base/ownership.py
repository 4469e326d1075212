"""Whether this user may write where the commands do: a run as root leaves files that are root's."""

import os
import pwd
import shlex
from collections.abc import Iterator
from pathlib import Path

from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, INVENTORIES, KIT, MODELS, STATE

PARENTS = {STATE: KIT, BUNDLES: KIT, MODELS: KIT, INVENTORIES / "local": INVENTORIES}
"""Folder that the commands write to → the folder in which they make it."""


def require_writable() -> None:
    """Check that the commands' folders can be written to, and made where they don't exist.

    Raises:
        DeployError: one of them can't.
    """
    for folder, parent in PARENTS.items():
        require(*(_inside(folder) if folder.exists() else [parent]))


def require(*paths: Path) -> None:
    """Check that this user may write to files and folders.

    Raises:
        DeployError: one of them isn't writable.
    """
    denied = next((path for path in paths if not os.access(path, os.W_OK)), None)
    if denied is None:
        return
    if os.statvfs(denied).f_flag & os.ST_RDONLY:
        raise DeployError(f"{denied}: it is on a read-only file system", f"Work in a copy: {_copy()}")
    owner = _owner(denied)
    reason = f"{denied}: this user may not write to it; it belongs to {owner}"
    if not os.access(KIT, os.W_OK):
        advice = f"Is it yours? {_chown(KIT)}\nIf not, work in a copy of your own: {_copy()}"
        raise DeployError(reason, advice)
    top = KIT / denied.relative_to(KIT).parts[0] if not denied.is_relative_to(INVENTORIES) else INVENTORIES / "local"
    raise DeployError(reason, f"Take it over: {_chown(top)}")


def is_open_to_all() -> bool:
    """Return whether everybody on this machine may change what is released from here."""
    return bool(KIT.stat().st_mode & 0o002)


def _inside(folder: Path) -> Iterator[Path]:
    """Yield a folder, what is in it, and the files of the locks, which are written to again."""
    yield folder
    if os.access(folder, os.R_OK | os.X_OK):
        yield from (path for path in folder.iterdir() if path.exists())
    if (folder / "locks").is_dir() and os.access(folder / "locks", os.R_OK | os.X_OK):
        yield from (folder / "locks").iterdir()


def _owner(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except KeyError:
        return f"the user id {path.stat().st_uid}"


def _chown(path: Path) -> str:
    return f'sudo chown -R "$(id -u)" {shlex.quote(str(path))}'


def _copy() -> str:
    return f"cp -r {shlex.quote(str(KIT))} ~/{shlex.quote(KIT.name)}"
