"""The site, which lies in the release's folder and is current with it."""

import re
import subprocess
import time
from pathlib import Path

from . import systemd
from .folders import SITES, Failure, point, write

CANDIDATE = "{user} events {{}} http {{ {beside} include {file}; }}"
TOLD_SECONDS = 1
"""How long clients are told to connect anew before Nginx ends the connections that they don't use."""

MAIN = Path("/etc/nginx/nginx.conf")


def check(application, plan, text):
    """Check a site before it takes the place of another.

    Raises:
        Failure: Nginx can't read it.
    """
    file, configuration = (Path("/run") / f"{application.unit}-{kind}" for kind in ("site.conf", "nginx.conf"))
    write(file, text)
    beside = "".join(f"include {each};" for each in plan["site_beside"])
    # Without the user, even a check would give the kept answers' folder to nobody.
    user = re.search(r"^\s*user\s[^;]*;", MAIN.read_text(encoding="utf-8"), re.M)
    write(configuration, CANDIDATE.format(user=user[0] if user else "", beside=beside, file=file))
    try:
        done = subprocess.run(["nginx", "-q", "-t", "-c", str(configuration)], capture_output=True, text=True)
    finally:
        file.unlink()
        configuration.unlink()
    if done.returncode:
        raise Failure(f"the site: {done.stderr.strip()}")


def is_linked(application, plan):
    """Return whether Nginx reads the current release's site."""
    return all(link.is_symlink() and link.readlink() == target for link, target in _links(application, plan))


def link(application, plan):
    """Have Nginx read the current release's site."""
    for link, target in _links(application, plan):
        point(link, target)


def _links(application, plan):
    site = SITES / plan["app_name"]
    return (site, application.root / "current" / "site.conf"), (SITES.parent / "sites-enabled" / site.name, site)


def is_loaded(application, plan, text):
    """Return whether Nginx runs with this site and what goes with it, as far as this program has had it read."""
    marker = _marker(application)
    return (
        marker.exists()
        and marker.read_text(encoding="utf-8") == _all(plan, text)
        and systemd.is_active("nginx.service")
    )


def _all(plan, text):
    beside = [Path(each).read_text(encoding="utf-8") for each in plan["site_beside"]]
    return "\n".join([text, *beside, *map(str, (SITES.parent / "sites-enabled").glob("default"))])


def load(application, plan, text):
    """Check the whole configuration, and have Nginx read it.

    Raises:
        Failure: it can't; it goes on with what it had.
    """
    _must_run("nginx", "-q", "-t")
    flag = application.root / "shared" / "reloading"
    flag.touch()
    try:
        time.sleep(TOLD_SECONDS)
        _must_run("systemctl", "reload-or-restart", "nginx")
        time.sleep(TOLD_SECONDS)  # the old workers are told to end some time after the new ones have begun
    finally:
        flag.unlink()
    write(_marker(application), _all(plan, text))


def _must_run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")


def _marker(application):
    """Gone after a reboot, when Nginx reads what is there by itself."""
    return Path("/run") / f"{application.unit}-site.loaded"
