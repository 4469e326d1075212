"""The folder in which two deployments work, while the one made by hand is taken over: whose it is meanwhile."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from . import accounts, systemd

SHARED_MODE, LISTED = 0o1771, 0o4
"""Of the old folder while two deployments work in it: its group writes there, and none can remove another's files, as
in /tmp. Nginx and the application pass through it as anybody can; who could list it by its group goes on to."""


def share(root: Path, units: Iterable[str]) -> None:
    """Give a folder to root, so that what runs there can go on; a run that was cut off may have done so already."""
    metadata = root.stat()
    is_shared = metadata.st_mode & SHARED_MODE == SHARED_MODE and not metadata.st_mode & stat.S_IWOTH
    if not metadata.st_uid and is_shared:
        return
    os.chown(root, 0, _group(root, units))
    root.chmod(SHARED_MODE | ((metadata.st_mode | metadata.st_mode >> 3) & LISTED))


def owner(folder: Path) -> tuple[str, ...]:
    """Return a folder's user, group and mode, e.g. ``("admin", "www-data", "0775")``."""
    metadata = folder.stat()
    return (
        accounts.user_name(metadata.st_uid),
        accounts.group_name(metadata.st_gid),
        f"{metadata.st_mode & 0o7777:04o}",
    )


def _group(root: Path, units: Iterable[str]) -> int:
    """Return the group by which what runs in a folder can go on writing there; without a unit, its owner's."""
    services = [Path(unit).name for unit in units if unit.endswith(".service")]
    services.sort(key=lambda unit: not Path(systemd.value(unit, "WorkingDirectory")).is_relative_to(root))
    for unit in services[:1]:
        group, user = systemd.value(unit, "Group"), systemd.value(unit, "User") or "root"
        if group.isdigit():
            return int(group)
        if entry := accounts.group(group):
            return entry.gr_gid
        if account := accounts.user(user):
            return account.pw_gid
    metadata = root.stat()
    person = accounts.user(accounts.user_name(metadata.st_uid))
    return person.pw_gid if person and metadata.st_uid else metadata.st_gid
