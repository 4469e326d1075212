"""What processes take of a machine: CPU time and memory. Alone on a host too: ``python3 meter.py UNIT``.

There it obeys lines: ``begin`` starts a measurement, ``end`` tells it as JSON, of a systemd unit and of Nginx.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROC = Path("/proc")
PEAK_ANEW = "5"
"""Written to a process's ``clear_refs``: its peak is from now on what it has now (proc(5))."""


class Meter:
    """Measures processes from `begin` to `end`.

    Args:
        processes: finds their ids, each time.
        weighed: finds those whose memory counts.
    """

    def __init__(self, processes: Callable[[], list[int]], weighed: Callable[[], list[int]]) -> None:
        self._processes, self._weighed = processes, weighed
        self._first = set(weighed())
        self._base: dict[int, int] = {}
        self._cpu: dict[int, float] = {}

    def begin(self) -> None:
        """Start to measure."""
        for pid in self._weighed():
            (PROC / str(pid) / "clear_refs").write_text(PEAK_ANEW)
        self._base = {pid: _kib(pid, "VmRSS") for pid in self._weighed()}
        self._cpu = {pid: _seconds(pid) for pid in self._processes()}

    def end(self) -> dict[str, Any]:
        """Return CPU seconds since the beginning, KiB of the greatest peak above what a process had at it, KiB of the
        largest process, and whether a process is another than at first."""
        cpu = sum(_seconds(pid) - self._cpu.get(pid, 0) for pid in self._processes())
        weighed = self._weighed()
        peak = max(_kib(pid, "VmHWM") - self._base.get(pid, 0) for pid in weighed)
        whole = max(_kib(pid, "VmHWM") for pid in weighed)
        return {"cpu_s": cpu, "peak_kib": peak, "whole_kib": whole, "died": set(weighed) != self._first}


def children(pid: int) -> list[int]:
    """Return a process's children."""
    return [int(word) for word in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]


def of_unit(unit: str) -> int:
    """Return a systemd unit's main process."""
    shown = subprocess.run(["systemctl", "show", "-p", "MainPID", "--value", unit], check=True, capture_output=True)
    return int(shown.stdout)


def _seconds(pid: int) -> float:
    """A process's CPU time, its ended threads' too, to the nanosecond: clock_getcpuclockid(3), which Python lacks."""
    return time.clock_gettime((~pid << 3) | 2)


def _kib(pid: int, what: str) -> int:
    status = dict(line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines() if ":" in line)
    return int(status[what].split()[0])


def main() -> None:
    """Obey the lines of standard input."""
    application, nginx = of_unit(sys.argv[1]), of_unit("nginx.service")
    meter = Meter(lambda: children(application) + children(nginx), lambda: children(application))
    for line in sys.stdin:
        print(json.dumps(meter.begin() if line.strip() == "begin" else meter.end()), flush=True)


if __name__ == "__main__":
    main()
