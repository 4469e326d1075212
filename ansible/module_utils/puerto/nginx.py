"""Nginx's site, which lies in the release's folder and becomes current with it."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from . import neighbours, nginx_build, processes, systemd
from .adoption import Adoption
from .errors import HostError
from .files import remove, replace_symlink, write
from .layout import CONF_D, ENABLED, LATE, NGINX, SITES, Application
from .plan import Plan
from .program_output import last_lines

RECONNECT_SECONDS = 1
"""For how long clients are told to reconnect before Nginx closes idle connections."""

LISTENS_ON_IPV6 = re.compile(r"^\s*listen \[::\].*\n", re.MULTILINE)


def for_host(text: str) -> str:
    """Return a file as this host's Nginx can use it: in its version's words, without IPv6 where the kernel has none."""
    text = text if processes.has_ipv6() else LISTENS_ON_IPV6.sub("", text)
    with suppress(FileNotFoundError):  # where --check looks what would be installed
        text = nginx_build.installed().adapted(text)
    return text


def check(application: Application, plan: Plan) -> None:
    """Check a site together with everything else that Nginx reads.

    Raises:
        HostError: Nginx can't read it, or another site has its name.
    """
    site, own_links = SITES / plan.app_name, _own_links(application)
    adoption = Adoption.pending(plan.app_name)
    texts = adoption.texts() if adoption else {}
    if missing := next((path for path in map(Path, plan.site_beside) if not path.exists() and path not in texts), ""):
        raise HostError(f"{missing} isn't on the host yet: provision it (python3 -m deploy up <environment>)")
    adopted = adoption.sites if adoption else ()
    if site.exists() and site not in own_links and str(site) not in adopted and not neighbours.is_puertos(site):
        raise HostError(f"{site} was not written by Puerto: choose another app_name, or remove that site")
    try:
        verify(
            Path("/run") / f"{application.unit}-nginx",
            {ENABLED / plan.app_name: for_host(plan.site_text)} | texts,
            [*own_links, *(adoption.site_files if adoption else [])],
        )
    except HostError as fault:
        raise HostError(f"the site: {fault}") from fault


def verify(copy: Path, texts: Mapping[Path, str], removed: Iterable[Path] = ()) -> None:
    """Have Nginx check its configuration as it would be with some files changed, in a copy of its folder.

    Args:
        copy: where the copy is made; it is removed afterwards.
        texts: file → its new content.
        removed: links that are left out.

    Raises:
        HostError: Nginx can't read it.
    """
    remove(copy)  # left by a run that was cut off
    try:
        copy.mkdir(mode=0o700)
        _copy_folder(copy)
        for link in removed:
            (copy / link.relative_to(NGINX)).unlink(missing_ok=True)
        for path, text in texts.items():
            write(copy / path.relative_to(NGINX), text)
        main = copy / "nginx.conf"
        content = main.read_bytes().replace(f"{NGINX}/".encode(), f"{copy}/".encode())
        main.unlink()  # it may be a link
        main.write_bytes(content)
        result = subprocess.run(["nginx", "-q", "-t", "-c", str(main)], capture_output=True, text=True)
    finally:
        remove(copy)
    if result.returncode:
        raise HostError(result.stderr.strip().replace(str(copy), str(NGINX)))


def _copy_folder(copy: Path) -> None:
    shutil.copytree(NGINX, copy, symlinks=True, dirs_exist_ok=True)
    for name in (CONF_D.name, SITES.name, ENABLED.name):
        if (copy / name).is_symlink():  # otherwise a change to the copy would change the original
            original = (copy / name).resolve()
            (copy / name).unlink()
            shutil.copytree(original, copy / name, symlinks=True)


def _own_links(application: Application) -> list[Path]:
    """Return the links by which Nginx reads this application's site, under any name."""
    site = application.root / "current" / "site.conf"
    available = [link for link in SITES.iterdir() if link.is_symlink() and link.readlink() == site]
    enabled = [link for link in ENABLED.iterdir() if link.is_symlink() and link.readlink() in (site, *available)]
    return [*enabled, *available]


def is_linked(application: Application, plan: Plan) -> bool:
    """Return whether Nginx reads the current release's site, exactly once."""
    links = _links(application, plan)
    return set(_own_links(application)) == set(links) and all(
        link.readlink() == target for link, target in links.items()
    )


def link(application: Application, plan: Plan) -> None:
    """Have Nginx read the current release's site, exactly once."""
    if adoption := Adoption.pending(plan.app_name):
        adoption.remove_sites()
    links = _links(application, plan)  # as they are to stay: it matters who else is read
    for link in set(_own_links(application)) - set(links):
        link.unlink()
    for link, target in links.items():
        replace_symlink(link, target)


def unlink(application: Application, plan: Plan) -> None:
    """Have Nginx no longer read the site; a deployment that it was to replace is read again."""
    for link in reversed(_links(application, plan)):
        link.unlink(missing_ok=True)
    if adoption := Adoption.pending(plan.app_name):
        adoption.put_sites_back()


def _links(application: Application, plan: Plan) -> dict[Path, Path]:
    """Return link → its target; the link that Nginx itself reads comes last."""
    site = SITES / plan.app_name
    late = LATE if neighbours.first_only_by_order(site.name) else ""
    return {site: application.root / "current" / "site.conf", ENABLED / f"{late}{site.name}": site}


def is_loaded(application: Application, plan: Plan, text: str) -> bool:
    """Return whether Nginx runs with this site and the files beside it, going by what this program last loaded."""
    marker = _marker(application)
    return (
        marker.exists()
        and marker.read_text(encoding="utf-8") == _loaded_text(plan, text)
        and systemd.is_active("nginx.service")
    )


def _loaded_text(plan: Plan, text: str) -> str:
    beside = [Path(path).read_text(encoding="utf-8") for path in plan.site_beside]
    return "\n".join([text, *beside, *map(str, ENABLED.glob("default"))])


def load(application: Application, plan: Plan, text: str) -> None:
    """Check the whole configuration, and have Nginx load it.

    Raises:
        HostError: it can't, and goes on with what it had.
    """
    result = subprocess.run(["nginx", "-q", "-t"], capture_output=True, text=True)
    if result.returncode:
        raise HostError(f"nginx -q -t: {last_lines(result.stderr)}", result.stderr)
    flag = application.root / "shared" / "reloading"
    flag.touch()
    try:
        time.sleep(RECONNECT_SECONDS)
        _marker(application).unlink(missing_ok=True)  # if we die between reload and marker, the marker must be absent
        systemd.systemctl("reload-or-restart", "nginx.service")
        time.sleep(RECONNECT_SECONDS)  # the old workers are told to stop a while after the new ones have started
    finally:
        flag.unlink()
    write(_marker(application), _loaded_text(plan, text))


def _marker(application: Application) -> Path:
    """Return the file that holds what was last loaded; a reboot removes it, and Nginx reads its files anew."""
    return Path("/run") / f"{application.unit}-site.loaded"
