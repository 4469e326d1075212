"""The host's processes: their families, their memory, and how to stop them. Runs on the host, by its Python."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

STOP_SECONDS = 20


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a system, all its processes."""
    started = set(family(process.pid))
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in started & set(stats()):
            try:
                os.kill(pid, kind)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + STOP_SECONDS
        while started & set(stats()) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.05)
    process.wait()


def family(root: int) -> list[int]:
    """Return a process, those of its session, and all their descendants, also those in sessions of their own."""
    processes, known = stats(), {root}
    while more := {pid for pid, (parent, session) in processes.items() if parent in known or session == root} - known:
        known |= more
    return [pid for pid in known if pid in processes]


def stats() -> dict[int, tuple[int, int]]:
    """Return process → (parent, session)."""
    processes = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            processes[int(folder.name)] = int(fields[1]), int(fields[3])
    return processes


def command_lines() -> dict[int, str]:
    """Return process → command line."""
    processes = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            processes[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return processes


def pss(pids: Iterable[int]) -> float:
    """Return the memory of processes in MiB, shared memory counted once."""
    total_kib = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kib += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
    return total_kib / 1024
