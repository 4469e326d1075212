"""What stands in the way of the next release on this host, and what to do about it."""

import shutil
import time
from pathlib import Path
from typing import Any

from . import acme, certificates, processes, systemd
from .history import History
from .layout import Application
from .lock import Lock
from .nginx_listen import PORT
from .reachability import obstacles

MIB = 2**20
CLOCK_SECONDS = 30
LAST_DEPLOYS = 20
CERTIFICATE_DAYS = 14
"""For which a certificate must still be valid, so that there is time to renew it."""

Finding = dict[str, Any]
"""``{"good", "seen", "advice"}``: whether it is as it should be, what was found, what to do if it isn't."""


def findings(application: Application, clock: int) -> list[Finding]:
    """Examine the host.

    Args:
        clock: the operator's time, in seconds since 1970.
    """
    examinations = (_unit, _port, _certificate, _names, _disk, _memory, _lock, _failures)
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


def _port(application: Application) -> Finding | None:
    listeners = processes.listening_on(PORT)
    if not listeners:
        return _finding(application.current is None, f"nothing listens on port {PORT}", "systemctl status nginx")
    if all(process.name == "nginx" for process in listeners):
        return _finding(True, f"port {PORT} is Nginx's")
    return None  # the preflight says whose it is


def _certificate(application: Application) -> Finding | None:
    if application.current is None:
        return None
    summary = certificates.summary(application.plan(application.current))
    if fault := summary.get("fault") or summary.get("failure"):
        return _finding(False, fault, "Then python3 -m deploy up, which brings the certificate or has it signed")
    if "end" not in summary:
        return None
    observation = f"the certificate is valid until {summary['end']}, for {summary['days']} days"
    days = 1 if summary["mode"] == acme.MODE else CERTIFICATE_DAYS  # an authority may sign for a week
    return _finding(summary["days"] >= days, observation, "Have it renewed, and run python3 -m deploy up")


def _names(application: Application) -> Finding | None:
    """Ask as an authority would, for the names that still have no certificate."""
    if missing := acme.missing(application):
        found = obstacles(missing, application.root / "challenges")
        seen = " ".join([*found.certain, *found.possible])
        others = f"{', '.join(missing)} can be reached by an authority, as far as this host can tell"
        return _finding(not seen, seen or others, "Then python3 -m deploy up, which has a certificate signed")
    return None


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
