"""What stands in the way of the next release on this host; each with what to do."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import systemd
from .lock import Lock, Log

MIB = 2**20
CLOCK_SECONDS = 30
LAST = 20


def findings(application, clock):
    """Look at the host.

    Args:
        clock: the operator's time, in seconds since 1970.

    Returns:
        Of each thing looked at: whether it is good, what was seen, what to do.
    """
    looks = (_unit, _ports, _disk, _memory, _lock, _failures)
    return [_clock(clock), *(found for look in looks if (found := look(application)))]


def _clock(clock):
    off = abs(time.time() - clock)
    return _finding(off < CLOCK_SECONDS, f"its clock is {off:.0f} s from this machine's", "timedatectl set-ntp true")


def _unit(application):
    if application.current is None:
        return _finding(True, "no release is there yet")
    name = application.service(application.current)
    state = systemd.state(name)["ActiveState"]
    return _finding(state == "active", f"{name} is {state}", f"journalctl -u {name} -n 50; then deploy again")


def _ports(application):
    with socket.socket() as asked:
        asked.settimeout(2)
        if asked.connect_ex(("127.0.0.1", 80)):
            return _finding(application.current is None, "nothing listens on port 80", "systemctl status nginx")
    owner = subprocess.run(["ss", "-Hltnp", "sport = :80"], capture_output=True, text=True).stdout
    is_nginx = '"nginx"' in owner
    return _finding(is_nginx, f"port 80 is {'Nginx' if is_nginx else 'another program'}'s",
                    f"Free it for Nginx: {owner.strip()[:200]}")  # fmt: skip


def _disk(application):
    root = next(each for each in (application.root, *application.root.parents) if each.is_dir())
    free = shutil.disk_usage(root).free // MIB
    virtualenvs = [_size(each) for each in (application.root / "virtualenvs").glob("*")]
    need = max(virtualenvs, default=600) + 50
    return _finding(free > need, f"{free} MiB of disk are free; a release with other packages takes {need}",
                    f"Make room in {root}, or lower release_kept")  # fmt: skip


def _memory(application):
    if application.current is None:
        return None
    used = systemd.state(application.service(application.current))["MemoryCurrent"]
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) // 1024
    need = int(used) // MIB if used.isdigit() else 150
    return _finding(free > need, f"{free} MiB of memory are free; a second release beside this one takes {need}",
                    "Fewer gunicorn_workers, a smaller model, or a larger host")  # fmt: skip


def _lock(application):
    found = Lock(application).holder()
    said = f"the lock is {found['who']}'s on {found['from']}, since {found['since']}" if found else "the lock is free"
    return _finding(not found, said, "Wait for the end, or deploy with --lock break if that operator is gone")


def _failures(application):
    bad = [each for each in Log(application).last(LAST) if each["result"] == "bad"]
    if not bad:
        return _finding(True, f"no release of the last {LAST} failed")
    last = bad[0]
    said = f"{len(bad)} of the last {LAST} deploys failed; the last, {last['id']}: {last['reason'].splitlines()[0]}"
    return _finding(False, said, "python3 -m deploy status tells each; see docs/troubleshooting.md")


def _size(folder):
    return sum(each.lstat().st_size for each in folder.rglob("*")) // MIB


def _finding(good, seen, advice=""):
    return {"good": bool(good), "seen": seen, "advice": advice}
