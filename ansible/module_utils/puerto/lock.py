"""Who deploys, and what was: a lock that heals itself, and a log that only grows."""

import fcntl
import json
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .layout import Failure

WAIT_SECONDS = 600
PAUSE = 0.5
SESSIONS = ("sshd", "sshd-session")


def now():
    """Return the time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Log:
    """What was deployed: one line of JSON for each release, rollback and maintenance, the newest last.

    Args:
        application: whose.
    """

    def __init__(self, application):
        self.file = application.root / "shared" / "deploys.jsonl"

    def add(self, **said):
        """Add a line."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"at": now()} | said, ensure_ascii=False) + "\n"
        number = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(number, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            is_cut = end and os.pread(number, 1, end - 1) != b"\n"  # by a power cut, or a full disk
            file.write(b"\n" * is_cut + line.encode())
            file.flush()
            os.fsync(number)

    def last(self, count):
        """Return the last lines, the newest first; a line that a power cut broke is left out."""
        found = []
        if self.file.exists():
            for line in reversed(self.file.read_text(encoding="utf-8", errors="replace").splitlines()):
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
                if len(found) == count:
                    break
        return found


class Lock:
    """The right to deploy: held from an operator's first step to the last, by as many processes as that takes.

    It ends with the SSH session that it was taken in. The same operator's next run takes it over.

    Args:
        application: what is deployed.
    """

    def __init__(self, application):
        self.file = Path("/run") / f"{application.unit}.lock"
        self.work = Path("/run") / f"{application.unit}.work"
        self._session = _session()  # of now: it may be gone when this program ends

    def holder(self):
        """Return who holds it: ``{"who", "from", "since", …}``; None where it is free."""
        with self._record() as file:
            return _held(file)

    def take(self, who, origin, manner="refuse"):
        """Take it.

        Args:
            who: the operator.
            origin: where from: machine and checkout.
            manner: refuse, wait or break where another has it.

        Raises:
            Failure: another has it.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while found := self._taken(who, origin, manner == "break"):
            if manner == "refuse" or time.monotonic() > deadline:
                raise Failure(
                    f"{found['who']} on {found['from']} has deployed since {found['since']}; nothing was changed. "
                    "Wait for the end (--lock wait) or break the lock (--lock break); "
                    "of ansible-playbook it is -e release_lock=wait or break."
                )
            time.sleep(PAUSE)

    def _taken(self, who, origin, breaks):
        """Take it, and return nothing; or return who else has it."""
        with self._record() as file:
            found = _held(file)
            is_own = found and (found["who"], found["from"]) == (who, origin)
            if found and not is_own and not breaks:
                return found
            since = found["since"] if is_own else now()
            file.truncate(0)
            file.write(json.dumps({"who": who, "from": origin, "since": since, **self._session}) + "\n")
            return None

    def give_back(self):
        """Give it back, unless another, or another run of the same operator, has it by now."""
        with self._record() as file:
            found = _held(file)
            if found and self._session.items() <= found.items():
                file.truncate(0)

    @contextmanager
    def _record(self):
        """Open the record, for one process at a time."""
        number = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(number, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @contextmanager
    def working(self, who, seconds=WAIT_SECONDS):
        """Be the one process that changes anything; wait for another's end for some seconds.

        Returns:
            What writes down the step that is being done.

        Raises:
            Failure: another goes on.
        """
        with self.work.open("a+") as file:
            deadline = time.monotonic() + seconds
            while not _locked(file):
                if time.monotonic() > deadline:
                    raise Failure(f"another process is at work on this host: {self.at_work}; nothing was changed")
                time.sleep(PAUSE)
            said = {"who": who, "since": now(), "pid": os.getpid()}

            def note(step):
                file.truncate(0)
                file.write(json.dumps(said | {"step": step}))
                file.flush()

            note("")
            yield note
            file.truncate(0)

    @property
    def at_work(self):
        """Who is at work, since when, at which step; nothing where nobody is."""
        try:
            return json.loads(self.work.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None


def _held(file):
    """Return what an open record says, if its session lives."""
    file.seek(0)
    try:
        found = json.loads(file.read())
    except ValueError:
        return None
    return found if _lives(found) else None


def _locked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _session():
    """Return the process that ends when the operator is gone: the SSH session's, else the session's first."""
    pid = os.getpid()
    while pid > 1:
        name, parent, started = _stat(pid)
        if name in SESSIONS:
            return {"pid": pid, "started": started}
        pid = parent
    leader = os.getsid(0)
    return {"pid": leader, "started": _stat(leader)[2]}


def _lives(found):
    try:
        return _stat(found["pid"])[2] == found["started"]
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return False


def _stat(pid):
    """Return a process's name, parent and start in ticks since boot."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    fields = after.split()
    return before.partition("(")[2], int(fields[1]), int(fields[19])
