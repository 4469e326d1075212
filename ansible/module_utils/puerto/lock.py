"""Who deploys: a lock that heals itself."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import HostError
from .history import now
from .layout import Application
from .plan import Operator

WAIT_SECONDS = 600
PAUSE = 0.5
SESSIONS = ("sshd", "sshd-session")

Holder = dict[str, Any]
"""``{"who", "from", "since", "pid", "started"}``: operator, and the process that ends when the operator is gone."""

Note = Callable[[str], None]
"""Writes down the step that is being done."""


class Lock:
    """The right to deploy: held from an operator's first step to the last, by as many processes as that takes.

    It ends with the SSH session that it was taken in. The same operator's next run takes it over.

    Args:
        application: what is deployed.
    """

    def __init__(self, application: Application) -> None:
        self.file = Path("/run") / f"{application.unit}.lock"
        self.work = Path("/run") / f"{application.unit}.work"
        self._session = _session()  # of now: it may be gone when this program ends

    def holder(self) -> Holder | None:
        """Return who holds it; None where it is free."""
        with self._open() as file:
            return _holder(file)

    def take(self, operator: Operator, on_conflict: str = "refuse") -> None:
        """Take it.

        Args:
            operator: for whom.
            on_conflict: refuse, wait or break where another has it.

        Raises:
            HostError: another has it.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while other := self._other(operator, on_conflict == "break"):
            if on_conflict == "refuse" or time.monotonic() > deadline:
                raise HostError(
                    f"{other['who']} on {other['from']} has deployed since {other['since']}; nothing was changed. "
                    "Wait for the end (--lock wait) or break the lock (--lock break); "
                    "of ansible-playbook it is -e release_lock=wait or break."
                )
            time.sleep(PAUSE)

    def _other(self, operator: Operator, breaks: bool) -> Holder | None:
        """Take it, and return None; or return who else has it."""
        with self._open() as file:
            holder = _holder(file)
            is_own = holder is not None and (holder["who"], holder["from"]) == (operator.name, operator.origin)
            if holder and not is_own and not breaks:
                return holder
            since = holder["since"] if holder and is_own else now()
            taken = {"who": operator.name, "from": operator.origin, "since": since, **self._session}
            file.truncate(0)
            file.write(json.dumps(taken) + "\n")
            return None

    def give_back(self) -> None:
        """Give it back, unless another, or another run of the same operator, has it by now."""
        with self._open() as file:
            holder = _holder(file)
            if holder and self._session.items() <= holder.items():
                file.truncate(0)

    @contextmanager
    def _open(self) -> Iterator[IO[str]]:
        """Open the lock's file, for one process at a time."""
        number = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(number, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @contextmanager
    def exclusive(self, who: str, seconds: float = WAIT_SECONDS) -> Iterator[Note]:
        """Be the one process that changes anything; wait for another's end for some seconds.

        Raises:
            HostError: another goes on.
        """
        with self.work.open("a+") as file:
            deadline = time.monotonic() + seconds
            while not _is_locked(file):
                if time.monotonic() > deadline:
                    raise HostError(f"another process is at work on this host: {self.worker}; nothing was changed")
                time.sleep(PAUSE)
            worker = {"who": who, "since": now(), "pid": os.getpid()}

            def note(step: str) -> None:
                file.truncate(0)
                file.write(json.dumps(worker | {"step": step}))
                file.flush()

            note("")
            yield note
            file.truncate(0)

    @property
    def worker(self) -> dict[str, Any] | None:
        """Who is at work, since when, at which step; nothing where nobody is."""
        try:
            worker: dict[str, Any] = json.loads(self.work.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return worker


def _holder(file: IO[str]) -> Holder | None:
    """Return whom an open lock names, if that session lives."""
    file.seek(0)
    try:
        holder: Holder = json.loads(file.read())
    except ValueError:
        return None
    return holder if _lives(holder) else None


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _session() -> dict[str, int]:
    """Return the process that ends when the operator is gone: the SSH session's, else the session's first."""
    pid = os.getpid()
    while pid > 1:
        name, parent, started = _stat(pid)
        if name in SESSIONS:
            return {"pid": pid, "started": started}
        pid = parent
    leader = os.getsid(0)
    return {"pid": leader, "started": _stat(leader)[2]}


def _lives(holder: Holder) -> bool:
    try:
        return bool(_stat(holder["pid"])[2] == holder["started"])
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return False


def _stat(pid: int) -> tuple[str, int, int]:
    """Return a process's name, parent and start in ticks since boot."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    values = after.split()
    return before.partition("(")[2], int(values[1]), int(values[19])
