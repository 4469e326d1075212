"""What stands in the way of the next release on this host; each with what to do."""

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
LAST = 20

Finding = dict[str, Any]
"""``{"good", "seen", "advice"}``: whether it is good, what was seen, what to do."""


def findings(application: Application, clock: int) -> list[Finding]:
    """Look at the host.

    Args:
        clock: the operator's time, in seconds since 1970.
    """
    looks = (_unit, _ports, _disk, _memory, _lock, _failures)
    return [_clock(clock), *(finding for look in looks if (finding := look(application)))]


def _clock(clock: int) -> Finding:
    off = abs(time.time() - clock)
    return _finding(off < CLOCK_SECONDS, f"its clock is {off:.0f} s from this machine's", "timedatectl set-ntp true")


def _unit(application: Application) -> Finding:
    if application.current is None:
        return _finding(True, "no release is there yet")
    name = application.service(application.current)
    state = systemd.state(name)["ActiveState"]
    return _finding(state == "active", f"{name} is {state}", f"journalctl -u {name} -n 50; then deploy again")


def _ports(application: Application) -> Finding:
    with socket.socket() as client:
        client.settimeout(2)
        if client.connect_ex(("127.0.0.1", 80)):
            return _finding(application.current is None, "nothing listens on port 80", "systemctl status nginx")
    owner = subprocess.run(["ss", "-Hltnp", "sport = :80"], capture_output=True, text=True).stdout
    is_nginx = '"nginx"' in owner
    return _finding(is_nginx, f"port 80 is {'Nginx' if is_nginx else 'another program'}'s",
                    f"Free it for Nginx: {owner.strip()[:200]}")  # fmt: skip


def _disk(application: Application) -> Finding:
    root = next(folder for folder in (application.root, *application.root.parents) if folder.is_dir())
    free = shutil.disk_usage(root).free // MIB
    virtualenvs = [_size(folder) for folder in (application.root / "virtualenvs").glob("*")]
    need = max(virtualenvs, default=600) + 50
    return _finding(free > need, f"{free} MiB of disk are free; a release with other packages takes {need}",
                    f"Make room in {root}, or lower release_kept")  # fmt: skip


def _memory(application: Application) -> Finding | None:
    if application.current is None:
        return None
    used = systemd.state(application.service(application.current))["MemoryCurrent"]
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) // 1024
    need = int(used) // MIB if used.isdigit() else 150
    return _finding(free > need, f"{free} MiB of memory are free; a second release beside this one takes {need}",
                    "Fewer gunicorn_workers, a smaller model, or a larger host")  # fmt: skip


def _lock(application: Application) -> Finding:
    holder = Lock(application).holder()
    if holder is None:
        return _finding(True, "the lock is free")
    seen = f"the lock is {holder['who']}'s on {holder['from']}, since {holder['since']}"
    return _finding(False, seen, "Wait for the end, or deploy with --lock break if that operator is gone")


def _failures(application: Application) -> Finding:
    bad = [entry for entry in History(application).last(LAST) if entry["result"] == "bad"]
    if not bad:
        return _finding(True, f"no release of the last {LAST} failed")
    last = bad[0]
    seen = f"{len(bad)} of the last {LAST} deploys failed; the last, {last['id']}: {last['reason'].splitlines()[0]}"
    return _finding(False, seen, "python3 -m deploy status tells each; see docs/troubleshooting.md")


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) // MIB


def _finding(good: bool, seen: str, advice: str = "") -> Finding:
    return {"good": good, "seen": seen, "advice": advice}
