"""The site, which lies in the release's folder and is current with it."""

import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import systemd
from .errors import HostError
from .files import remove, replace_symlink, write
from .layout import SITES, Application
from .plan import Plan

OURS = "# Puerto wrote this file"
RECONNECT_SECONDS = 1
"""How long clients are told to connect again before Nginx ends the connections that they don't use."""

NGINX, ENABLED = SITES.parent, SITES.parent / "sites-enabled"


def check(application: Application, plan: Plan) -> None:
    """Check a site together with all else that Nginx reads.

    Raises:
        HostError: Nginx can't read it, or another's has its name.
    """
    site, own = SITES / plan.app_name, _own(application)
    if site.exists() and site not in own and OURS not in site.read_text(encoding="utf-8"):
        raise HostError(f"{site} is another's: choose another app_name, or remove that one")
    try:
        verify(Path("/run") / f"{application.unit}-nginx", {ENABLED / plan.app_name: plan.site_text}, own)
    except HostError as fault:
        raise HostError(f"the site: {fault}") from fault


def verify(copy: Path, texts: Mapping[Path, str], without: Iterable[Path] = ()) -> None:
    """Have Nginx read what it would if some of its files had other texts.

    Args:
        copy: where the copy of Nginx's folder is made, which is removed again.
        texts: files → what is to be in them.
        without: links that are to be gone.

    Raises:
        HostError: it can't.
    """
    remove(copy)  # of a run that was cut off
    try:
        copy.mkdir(mode=0o700)
        _copy_folder(copy)
        for link in without:
            (copy / link.relative_to(NGINX)).unlink(missing_ok=True)
        for path, text in texts.items():
            write(copy / path.relative_to(NGINX), text)
        main = copy / "nginx.conf"
        write(main, main.read_text(encoding="utf-8").replace(f"{NGINX}/", f"{copy}/"))
        done = subprocess.run(["nginx", "-q", "-t", "-c", str(main)], capture_output=True, text=True)
    finally:
        remove(copy)
    if done.returncode:
        raise HostError(done.stderr.strip().replace(str(copy), str(NGINX)))


def _copy_folder(copy: Path) -> None:
    shutil.copytree(NGINX, copy, symlinks=True, dirs_exist_ok=True)
    for name in ("conf.d", SITES.name, ENABLED.name):
        if (copy / name).is_symlink():  # what is changed in the copy mustn't be changed in the original
            original = (copy / name).resolve()
            (copy / name).unlink()
            shutil.copytree(original, copy / name, symlinks=True)


def _own(application: Application) -> list[Path]:
    """Return the links by which Nginx reads this application's site, under whatever name."""
    site = application.root / "current" / "site.conf"
    available = [link for link in SITES.iterdir() if link.is_symlink() and link.readlink() == site]
    enabled = [link for link in ENABLED.iterdir() if link.is_symlink() and link.readlink() in (site, *available)]
    return [*enabled, *available]


def is_linked(application: Application, plan: Plan) -> bool:
    """Return whether Nginx reads the current release's site, once."""
    links = _links(application, plan)
    return set(_own(application)) == set(links) and all(link.readlink() == target for link, target in links.items())


def link(application: Application, plan: Plan) -> None:
    """Have Nginx read the current release's site, once."""
    links = _links(application, plan)
    for link in set(_own(application)) - set(links):
        link.unlink()
    for link, target in links.items():
        replace_symlink(link, target)


def unlink(application: Application, plan: Plan) -> None:
    """Have Nginx not read it."""
    for link in reversed(_links(application, plan)):
        link.unlink(missing_ok=True)


def _links(application: Application, plan: Plan) -> dict[Path, Path]:
    """Return each link → its target, the one that Nginx reads last."""
    site = SITES / plan.app_name
    return {site: application.root / "current" / "site.conf", ENABLED / site.name: site}


def is_loaded(application: Application, plan: Plan, text: str) -> bool:
    """Return whether Nginx runs with this site and what goes with it, as far as this program has had it read."""
    marker = _marker(application)
    return (
        marker.exists()
        and marker.read_text(encoding="utf-8") == _all(plan, text)
        and systemd.is_active("nginx.service")
    )


def _all(plan: Plan, text: str) -> str:
    beside = [Path(path).read_text(encoding="utf-8") for path in plan.site_beside]
    return "\n".join([text, *beside, *map(str, ENABLED.glob("default"))])


def load(application: Application, plan: Plan, text: str) -> None:
    """Check the whole configuration, and have Nginx read it.

    Raises:
        HostError: it can't; it goes on with what it had.
    """
    _must_run("nginx", "-q", "-t")
    flag = application.root / "shared" / "reloading"
    flag.touch()
    try:
        time.sleep(RECONNECT_SECONDS)
        _marker(application).unlink(missing_ok=True)  # if we die between reload and marker, the marker must be absent
        _must_run("systemctl", "reload-or-restart", "nginx")
        time.sleep(RECONNECT_SECONDS)  # the old workers are told to end some time after the new ones have begun
    finally:
        flag.unlink()
    write(_marker(application), _all(plan, text))


def _must_run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise HostError(f"{' '.join(command)}: {done.stderr.strip()}")


def _marker(application: Application) -> Path:
    """Gone after a reboot, when Nginx reads what is there by itself."""
    return Path("/run") / f"{application.unit}-site.loaded"
