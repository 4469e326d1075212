"""What stands in the way of the next release on this host, and what to do about it."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from . import systemd
from .history import History
from .layout import Application
from .lock import Lock

MIB = 2**20
CLOCK_SECONDS = 30
LAST_DEPLOYS = 20

Finding = dict[str, Any]
"""``{"good", "seen", "advice"}``: whether it is as it should be, what was found, what to do if it isn't."""


def findings(application: Application, clock: int) -> list[Finding]:
    """Examine the host.

    Args:
        clock: the operator's time, in seconds since 1970.
    """
    examinations = (_unit, _port, _disk, _memory, _lock, _failures)
    return [_clock(clock), *(finding for examine in examinations if (finding := examine(application)))]


def _clock(clock: int) -> Finding:
    offset = abs(time.time() - clock)
    is_close = offset < CLOCK_SECONDS
    return _finding(is_close, f"its clock is {offset:.0f} s off this machine's", "timedatectl set-ntp true")


def _unit(application: Application) -> Finding:
    if application.current is None:
        return _finding(True, "there is no release yet")
    name = application.service(application.current)
    state = systemd.active_state(name)
    return _finding(state == "active", f"{name} is {state}", f"journalctl -u {name} -n 50; then deploy again")


def _port(application: Application) -> Finding:
    with socket.socket() as client:
        client.settimeout(2)
        if client.connect_ex(("127.0.0.1", 80)):
            return _finding(application.current is None, "nothing listens on port 80", "systemctl status nginx")
    owner = subprocess.run(["ss", "-Hltnp", "sport = :80"], capture_output=True, text=True).stdout
    is_nginx = '"nginx"' in owner
    observation = f"port 80 is {'Nginx' if is_nginx else 'another program'}'s"
    return _finding(is_nginx, observation, f"Free it for Nginx: {owner.strip()[:200]}")


def _disk(application: Application) -> Finding:
    root = next(folder for folder in (application.root, *application.root.parents) if folder.is_dir())
    free = shutil.disk_usage(root).free // MIB
    virtualenvs = [_size(folder) for folder in (application.root / "virtualenvs").glob("*")]
    needed = max(virtualenvs, default=600) + 50
    observation = f"{free} MiB of disk space are free; a release with other packages takes {needed}"
    return _finding(free > needed, observation, f"Make room in {root}, or lower release_kept")


def _memory(application: Application) -> Finding | None:
    if application.current is None:
        return None
    used = systemd.properties(application.service(application.current))["MemoryCurrent"]
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) // 1024
    needed = int(used) // MIB if used.isdigit() else 150
    observation = f"{free} MiB of memory are free; a second release beside this one takes {needed}"
    return _finding(free > needed, observation, "Use fewer gunicorn_workers, a smaller model, or a larger host")


def _lock(application: Application) -> Finding:
    holder = Lock(application).holder()
    if holder is None:
        return _finding(True, "the lock is free")
    observation = f"the lock is held by {holder['who']} on {holder['from']}, since {holder['since']}"
    return _finding(False, observation, "Wait for the end, or deploy with --lock break if that operator is gone")


def _failures(application: Application) -> Finding:
    bad = [entry for entry in History(application).last(LAST_DEPLOYS) if entry["result"] == "bad"]
    if not bad:
        return _finding(True, f"none of the last {LAST_DEPLOYS} deploys failed")
    last, reason = bad[0]["id"], bad[0]["reason"].splitlines()[0]
    observation = f"{len(bad)} of the last {LAST_DEPLOYS} deploys failed; the last, {last}: {reason}"
    return _finding(False, observation, "python3 -m deploy status lists them; see docs/troubleshooting.md")


def _size(folder: Path) -> int:
    """Return the size of a folder in MiB."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) // MIB


def _finding(good: bool, observation: str, advice: str = "") -> Finding:
    return {"good": good, "seen": observation, "advice": advice}
