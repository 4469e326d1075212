"""Debian's package manager: what is installed, what was interrupted, who is at work with it."""

import fcntl
import os
import struct
import subprocess
import time
from pathlib import Path

from . import processes
from .processes import Process

LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock")
FLOCK = "hhqqi4x"
"""The C struct of fcntl(2) on 64-bit Linux: type, whence, start, length, process."""

LISTS = Path("/var/lib/apt/lists")
LISTS_VALID_SECONDS = 3600
PAUSE_SECONDS = 1


def is_installed(package: str) -> bool:
    """Return whether a package is installed, in full."""
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode == 0 and result.stdout == "installed"


def installed() -> list[str]:
    """Return all packages, sorted as ``sort`` does in the C locale."""
    command = ["dpkg-query", "--show", "--showformat=${Package}\n"]
    return sorted(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def holder() -> Process | None:
    """Return the process that installs, or fetches package lists, at this moment.

    The lock itself is asked: /proc/locks has other inodes than stat(2) where a container's files are an overlay.
    """
    for lock in LOCKS:
        if (pid := _locked_by(Path(lock))) is not None:
            return processes.with_pid(pid) or Process(pid, 0, "a program", "", "", None)
    return None


def _locked_by(lock: Path) -> int | None:
    """Return the process that holds a lock, 0 if it is none of this container's; None if it is free."""
    question = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with lock.open("rb") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, question)
    except (FileNotFoundError, PermissionError):  # only root may ask, and the preflight says so by itself
        return None
    kind, _, _, _, pid = struct.unpack(FLOCK, answer)
    return None if kind == fcntl.F_UNLCK else max(pid, 0)


def wait(seconds: float) -> Process | None:
    """Wait until nobody is at work with it; return who still is after so many seconds."""
    deadline = time.monotonic() + seconds
    while (process := holder()) is not None and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return process


def is_interrupted() -> bool:
    """Return whether apt would ask for "dpkg --configure -a", or dpkg itself calls a package half installed."""
    if holder() is not None:
        return False  # it is being installed
    has_journal = any(entry.name.isdigit() for entry in Path("/var/lib/dpkg/updates").iterdir())
    return has_journal or bool(subprocess.run(["dpkg", "--audit"], capture_output=True).stdout)


def has_lists() -> bool:
    """Return whether apt has package lists; a brand-new host may have none."""
    return any(LISTS.glob("*_Packages*"))


def is_upgrade_due() -> bool:
    """Return whether apt's lists are more than an hour old, or there are updates in them."""
    fetched = LISTS / "partial"
    if not fetched.exists() or time.time() - fetched.stat().st_mtime > LISTS_VALID_SECONDS:
        return True
    return bool(subprocess.run(["apt-get", "--simulate", "-qq", "dist-upgrade"], capture_output=True).stdout)
