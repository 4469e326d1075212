"""The right to deploy: a lock that ends with the session of its holder."""

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

NoteStep = Callable[[str], None]
"""Records the step that is being done."""


class Lock:
    """The right to deploy: held from an operator's first step to the last, by as many processes as that takes.

    It ends with the SSH session that it was taken in. The same operator's next run takes it over.

    Args:
        application: what is deployed.
    """

    def __init__(self, application: Application) -> None:
        self.file = Path("/run") / f"{application.unit}.lock"
        self.work = Path("/run") / f"{application.unit}.work"
        self._session = _session()  # now: the session may be over when this program ends

    def holder(self) -> Holder | None:
        """Return who holds it; None if it is free."""
        with self._open() as file:
            return _holder(file)

    def take(self, operator: Operator, on_conflict: str = "refuse") -> None:
        """Take it.

        Args:
            operator: for whom.
            on_conflict: refuse, wait or break if another operator has it.

        Raises:
            HostError: another operator has it.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while other := self._other_holder(operator, on_conflict == "break"):
            if on_conflict == "refuse" or time.monotonic() > deadline:
                holder = f"{other['who']} on {other['from']}"
                raise HostError(
                    f"{holder} has been deploying since {other['since']}; nothing was changed. "
                    "Wait for the end (--lock wait) or break the lock (--lock break); "
                    "with ansible-playbook: -e release_lock=wait or -e release_lock=break."
                )
            time.sleep(PAUSE)

    def _other_holder(self, operator: Operator, is_broken: bool) -> Holder | None:
        """Take it and return None, or return who else has it.

        Args:
            is_broken: whether it is taken from another.
        """
        with self._open() as file:
            holder = _holder(file)
            is_own = holder is not None and (holder["who"], holder["from"]) == (operator.name, operator.origin)
            if holder and not is_own and not is_broken:
                return holder
            since = holder["since"] if holder and is_own else now()
            holder = {"who": operator.name, "from": operator.origin, "since": since, **self._session}
            file.truncate(0)
            file.write(json.dumps(holder) + "\n")
            return None

    def give_back(self) -> None:
        """Give it back, unless another run, of this operator or another, has taken it over."""
        with self._open() as file:
            holder = _holder(file)
            if holder and self._session.items() <= holder.items():
                file.truncate(0)

    @contextmanager
    def _open(self) -> Iterator[IO[str]]:
        """Open the lock's file, for one process at a time."""
        descriptor = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @contextmanager
    def exclusive(self, who: str, seconds: float = WAIT_SECONDS) -> Iterator[NoteStep]:
        """Be the only process that changes anything; wait some seconds for another to end.

        Raises:
            HostError: another is still at work.
        """
        with self.work.open("a+") as file:
            deadline = time.monotonic() + seconds
            while not _try_lock(file):
                if time.monotonic() > deadline:
                    raise HostError(f"another process is at work on this host: {self.worker}; nothing was changed")
                time.sleep(PAUSE)
            worker = {"who": who, "since": now(), "pid": os.getpid()}

            def note_step(step: str) -> None:
                file.truncate(0)
                file.write(json.dumps(worker | {"step": step}))
                file.flush()

            note_step("")
            yield note_step
            file.truncate(0)

    @property
    def worker(self) -> dict[str, Any] | None:
        """Who is at work, since when, at which step; None if nobody is."""
        try:
            worker: dict[str, Any] = json.loads(self.work.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return worker


def _holder(file: IO[str]) -> Holder | None:
    """Return the holder that an open lock names, if that session is still alive."""
    file.seek(0)
    try:
        holder: Holder = json.loads(file.read())
    except ValueError:
        return None
    return holder if _is_alive(holder) else None


def _try_lock(file: IO[str]) -> bool:
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


def _is_alive(holder: Holder) -> bool:
    try:
        return bool(_stat(holder["pid"])[2] == holder["started"])
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return False


def _stat(pid: int) -> tuple[str, int, int]:
    """Return a process's name, its parent, and its start in ticks since boot."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    values = after.split()
    return before.partition("(")[2], int(values[1]), int(values[19])
