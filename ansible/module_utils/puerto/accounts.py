"""Users and groups of the host, and who owns a file, in words."""

import grp
import pwd
import stat
from pathlib import Path

from . import processes


def user(name: str) -> pwd.struct_passwd | None:
    """Return a user's entry; None if there is none."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def group(name: str) -> grp.struct_group | None:
    """Return a group's entry; None if there is none."""
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def describe(entry: pwd.struct_passwd) -> str:
    """Say whose account it is: its home, shell and group, and what it runs."""
    running = [process for process in processes.all_processes() if process.uid == entry.pw_uid]
    more = f" and {len(running) - 1} more" if running[1:] else ""
    programs = f"; it runs {running[0].command}{more}" if running else ""
    return f"an account with home {entry.pw_dir}, shell {entry.pw_shell} and group {group_name(entry.pw_gid)}{programs}"


def owner_of(path: Path) -> str:
    """Say who owns a file or a folder, and its mode."""
    metadata = path.lstat()
    return f"{user_name(metadata.st_uid)}:{group_name(metadata.st_gid)} (mode {stat.S_IMODE(metadata.st_mode):04o})"


def user_name(uid: int) -> str:
    """Return a user's name; its number if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Return a group's name; its number if it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
