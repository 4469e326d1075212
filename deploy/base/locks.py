"""Lock files: one run at a time where two would undo each other's work."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.base.errors import DeployError


@contextmanager
def exclusive(path: Path, reason: str = "") -> Iterator[None]:
    """Hold the lock file at `path`; the kernel releases it when the process ends, so it is never left behind.

    Args:
        reason: of the error if another run holds it; empty to wait for that run instead.

    Raises:
        DeployError: another run holds the lock and there is a reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if reason else 0))
        except BlockingIOError:
            raise DeployError(reason, "Wait for it to finish, then try again.") from None
        yield
