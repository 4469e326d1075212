"""Where programs put what is this user's alone: a home that can be written to, a folder for ssh's sockets."""

import os
import pwd
import re
import socket
import stat
import tempfile
from pathlib import Path

from deploy.base.errors import DeployError

SOCKETS = "ANSIBLE_SSH_CONTROL_PATH_DIR"
"""Ansible's variable for the folder of its connections' sockets."""

LONGEST_SOCKET = 57
"""Characters in the name of a socket that ssh makes: a digest, %C, and what it adds until the socket is ready."""


def home() -> Path | None:
    """Return this user's home; None if there is none, or it can't be written to."""
    path = Path("~").expanduser() if _has_home() else None
    return path if path and path.is_dir() and os.access(path, os.W_OK | os.X_OK) else None


def require_account() -> None:
    """Check that this user has an account, without which ssh and sudo refuse to work.

    Raises:
        DeployError: there is no entry for the user's id.
    """
    if not _has_account():
        reason = f"this user, id {os.getuid()}, has no entry in /etc/passwd, and ssh refuses to work without one"
        advice = f"Add one as root: echo 'operator:x:{os.getuid()}:{os.getgid()}::/tmp:/bin/sh' >> /etc/passwd"
        raise DeployError(reason, advice)


def sockets() -> Path:
    """Return a folder for the sockets of ssh's shared connections, whose paths must be short: about 100 characters."""
    own_home = home()
    candidates = [
        *([Path(os.environ[SOCKETS])] if os.environ.get(SOCKETS) else []),
        *([own_home / ".ansible" / "cp"] if own_home else []),
        Path(f"/run/user/{os.geteuid()}/puerto"),
        Path(f"/tmp/puerto-{os.geteuid()}"),
    ]
    usable = (folder for folder in candidates if _can_hold_sockets(folder))
    return next(usable, None) or Path(tempfile.mkdtemp(prefix="puerto-", dir="/tmp"))


def _has_account() -> bool:
    try:
        return bool(pwd.getpwuid(os.getuid()))
    except KeyError:
        return False


def _has_home() -> bool:
    return bool(os.environ.get("HOME")) or _has_account()


def _can_hold_sockets(folder: Path) -> bool:
    """Return whether ssh can make a socket there, and nobody else can."""
    if not re.fullmatch(r"[\w/.@-]+", str(folder)):  # ssh expands %, and splits at spaces
        return False
    trial = folder / f"{os.getpid()}".ljust(LONGEST_SOCKET, "-")
    try:
        if folder.parent.name == ".ansible":
            folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return False
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.bind(str(trial))
        trial.unlink()
    except OSError:
        return False
    return True
