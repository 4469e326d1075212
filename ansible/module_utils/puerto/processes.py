"""The host's processes, as /proc tells of them: what they run, for which unit, and where they listen."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
UNIT = re.compile(r"/([^/]+\.service)(?:/|$)")
LISTENS = "0A"
"""TCP's state in /proc/net/tcp, tcp(7)."""

COMMAND_CHARACTERS = 100


@dataclass(frozen=True)
class Process:
    """A process.

    Attributes:
        pid: its number.
        uid: the user's whom it runs as.
        name: its program's, as the kernel has it.
        command: its command line, shortened.
        unit: the service that it belongs to; empty for none.
        folder: where it works; None if that isn't known.
    """

    pid: int
    uid: int
    name: str
    command: str
    unit: str
    folder: Path | None

    def works_in(self, folder: Path) -> bool:
        """Return whether it works in a folder, or its command line names something there."""
        return (self.folder is not None and self.folder.is_relative_to(folder)) or f"{folder}/" in self.command

    def __str__(self) -> str:
        of_unit = f", {self.unit}" if self.unit else ""
        return f"{self.name} (process {self.pid}{of_unit})"


def all_processes() -> Iterator[Process]:
    """Yield every process but the kernel's own."""
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (process := _process(folder)) is not None and process.command:
            yield process


def with_pid(pid: int) -> Process | None:
    """Return a process; None if it has ended."""
    return _process(PROC / str(pid))


def _process(folder: Path) -> Process | None:
    try:
        name = (folder / "comm").read_text(errors="replace").strip()
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        unit = UNIT.findall((folder / "cgroup").read_text())
        working = None
        with suppress(OSError):
            working = (folder / "cwd").readlink()
        command = " ".join(words).strip()[:COMMAND_CHARACTERS]
        return Process(int(folder.name), folder.stat().st_uid, name, command, unit[-1] if unit else "", working)
    except OSError:  # it has ended
        return None


def listening_on(port: int) -> list[Process]:
    """Return the processes that listen on a TCP port, at any address of the host's."""
    return _with_sockets({inode for table in ("tcp", "tcp6") for inode in _tcp_listeners(table, port)})


def listening_at(path: Path) -> list[Process]:
    """Return the processes that listen on a Unix socket."""
    lines = [line.split() for line in (PROC / "net" / "unix").read_text(errors="replace").splitlines()[1:]]
    return _with_sockets({fields[6] for fields in lines if len(fields) > 7 and fields[7] == str(path)})


def _tcp_listeners(table: str, port: int) -> Iterator[str]:
    file = PROC / "net" / table
    if not file.exists():  # a kernel without IPv6
        return
    for line in file.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]


def _with_sockets(inodes: set[str]) -> list[Process]:
    links = {f"socket:[{inode}]" for inode in inodes}
    holders = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            if any(str(link.readlink()) in links for link in (folder / "fd").iterdir()):
                process = _process(folder)
                holders += [process] if process else []
    return sorted(holders, key=lambda process: process.pid)


def has_ipv6() -> bool:
    """Return whether a program may listen on an IPv6 address: some kernels and containers refuse the whole family."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener:
            listener.bind(("::", 0))
    except OSError:
        return False
    return True
