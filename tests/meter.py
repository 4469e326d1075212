"""Measures the CPU time and memory that processes take. A program on a host too: ``python3 meter.py UNIT``.

There it reads lines: ``begin`` starts a measurement of a systemd unit and of Nginx, ``end`` prints it as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROC = Path("/proc")
RESET_PEAK = "5"
"""Written to a process's ``clear_refs``, it resets the peak to the present memory (proc(5))."""


class Meter:
    """Measures processes from `begin` to `end`.

    Args:
        processes: returns the ids of those whose CPU time counts, each time anew.
        workers: returns the ids of those whose memory counts.
    """

    def __init__(self, processes: Callable[[], list[int]], workers: Callable[[], list[int]]) -> None:
        self._processes, self._workers = processes, workers
        self._first_workers = set(workers())
        self._rss_kib: dict[int, int] = {}
        self._cpu_s: dict[int, float] = {}

    def begin(self) -> None:
        """Start to measure."""
        for pid in self._workers():
            (PROC / str(pid) / "clear_refs").write_text(RESET_PEAK)
        self._rss_kib = {pid: _kib(pid, "VmRSS") for pid in self._workers()}
        self._cpu_s = {pid: _cpu_seconds(pid) for pid in self._processes()}

    def end(self) -> dict[str, Any]:
        """Return what was taken since the beginning: CPU seconds, and the greatest growth of a process in KiB; also
        the KiB of the largest process, and whether a worker has been replaced since the meter was made."""
        cpu_s = sum(_cpu_seconds(pid) - self._cpu_s.get(pid, 0) for pid in self._processes())
        workers = self._workers()
        peak_kib = max(_kib(pid, "VmHWM") - self._rss_kib.get(pid, 0) for pid in workers)
        whole_kib = max(_kib(pid, "VmHWM") for pid in workers)
        return {
            "cpu_s": cpu_s,
            "peak_kib": peak_kib,
            "whole_kib": whole_kib,
            "died": set(workers) != self._first_workers,
        }


def children(pid: int) -> list[int]:
    """Return a process's children."""
    return [int(child) for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]


def main_pid(unit: str) -> int:
    """Return a systemd unit's main process."""
    command = ["systemctl", "show", "-p", "MainPID", "--value", unit]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def _cpu_seconds(pid: int) -> float:
    """A process's CPU time, its ended threads' too, to the nanosecond: clock_getcpuclockid(3), which Python lacks."""
    return time.clock_gettime((~pid << 3) | 2)


def _kib(pid: int, field: str) -> int:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(status[field].split()[0])


def main() -> None:
    """Do what the lines of standard input say."""
    application, nginx = main_pid(sys.argv[1]), main_pid("nginx.service")
    meter = Meter(lambda: children(application) + children(nginx), lambda: children(application))
    for line in sys.stdin:
        print(json.dumps(meter.begin() if line.strip() == "begin" else meter.end()), flush=True)


if __name__ == "__main__":
    main()
