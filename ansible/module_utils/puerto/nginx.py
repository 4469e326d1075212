"""The site, which lies in the release's folder and is current with it."""

import shutil
import subprocess
import time
from pathlib import Path

from . import systemd
from .layout import SITES, Failure, point, remove, write

OURS = "# Puerto wrote this file"
TOLD_SECONDS = 1
"""How long clients are told to connect anew before Nginx ends the connections that they don't use."""

NGINX, ENABLED = SITES.parent, SITES.parent / "sites-enabled"


def check(application, plan, text):
    """Check a site together with all else that Nginx reads, in a copy of its folder.

    Raises:
        Failure: Nginx can't read it.
    """
    site = SITES / plan["app_name"]
    if site.exists() and site not in _own(application) and OURS not in site.read_text(encoding="utf-8"):
        raise Failure(f"{site} is another's: choose another app_name, or remove that one")
    copy = Path("/run") / f"{application.unit}-nginx"
    remove(copy)  # of a run that was cut off
    try:
        copy.mkdir(mode=0o700)
        shutil.copytree(NGINX, copy, symlinks=True, dirs_exist_ok=True)
        for folder in (copy / SITES.name, copy / ENABLED.name):
            if folder.is_symlink():  # what is changed in the copy mustn't be changed in the original
                to = folder.resolve()
                folder.unlink()
                shutil.copytree(to, folder, symlinks=True)
        for link in _own(application, copy):
            link.unlink()
        write(copy / "sites-enabled" / plan["app_name"], text)
        main = copy / "nginx.conf"
        write(main, main.read_text(encoding="utf-8").replace(f"{NGINX}/", f"{copy}/"))
        done = subprocess.run(["nginx", "-q", "-t", "-c", str(main)], capture_output=True, text=True)
    finally:
        remove(copy)
    if done.returncode:
        raise Failure(f"the site: {done.stderr.strip().replace(str(copy), str(NGINX))}")


def _own(application, folder=NGINX):
    """Return the links by which Nginx reads this application's site, under whatever name."""
    site = application.root / "current" / "site.conf"
    available = [link for link in (folder / SITES.name).iterdir() if link.is_symlink() and link.readlink() == site]
    named = [SITES / link.name for link in available]
    enabled = [link for link in (folder / ENABLED.name).iterdir()
               if link.is_symlink() and link.readlink() in (site, *named)]  # fmt: skip
    return [*enabled, *available]


def is_linked(application, plan):
    """Return whether Nginx reads the current release's site, once."""
    links = _links(application, plan)
    return set(_own(application)) == {link for link, _ in links} and all(link.readlink() == to for link, to in links)


def link(application, plan):
    """Have Nginx read the current release's site, once."""
    links = _links(application, plan)
    for link in set(_own(application)) - {link for link, _ in links}:
        link.unlink()
    for link, target in links:
        point(link, target)


def unlink(application, plan):
    """Have Nginx not read it."""
    for link, _ in reversed(_links(application, plan)):
        link.unlink(missing_ok=True)


def _links(application, plan):
    site = SITES / plan["app_name"]
    return (site, application.root / "current" / "site.conf"), (ENABLED / site.name, site)


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
    return "\n".join([text, *beside, *map(str, ENABLED.glob("default"))])


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
        _marker(application).unlink(missing_ok=True)  # who is killed here must not be believed
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
