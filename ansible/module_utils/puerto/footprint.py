"""All that a run would write, take or remove on a host, and whose each part is now."""

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import accounts, processes, systemd
from .errors import HostError
from .layout import ENABLED, ID, LATE, SIGNATURE, SITES, UNITS, Application
from .names import Names
from .neighbours import DEFAULT, is_debians_default, is_puertos
from .nginx_config import Configuration

OURS, ABSENT, FOREIGN = "ours", "absent", "another's"
"""Whose a part is."""

ENTRIES = {"releases", "shared", "archives", "virtualenvs", "pipenv", "current", "previous", "tls", "challenges",
           "acme"}  # fmt: skip
"""What the application's folder holds; beside these, only names that a run gives to what isn't complete yet."""

RELEASES_MODE = 0o751
"""Of the folder of releases, as roles/app makes it."""

FIRST_LINES = 3
NAMES_SHOWN = 6
LINKS_FOLLOWED = 8
CACHES = Path("/var/lib/nginx")


@dataclass(frozen=True)
class Claim:
    """A part of the host that a run would write, take or remove.

    Attributes:
        kind: what it is, e.g. unit.
        name: its path, or its own name.
        holder: whose it is now: OURS, ABSENT or FOREIGN.
        description: what another's is, who owns it, what runs.
        files: those that take it, where it is no file itself.
    """

    kind: str
    name: str
    holder: str
    description: str = ""
    files: tuple[str, ...] = ()

    def is_held_by(self, files: Collection[str]) -> bool:
        """Return whether it is among these files, or is taken by none but these."""
        return self.name in files or (bool(self.files) and set(self.files) <= set(files))

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def claims(names: Names, configuration: Configuration) -> list[Claim]:
    """Return all parts, each with whose it is."""
    parts = (_folder, _accounts, _units, _runtime_folder)
    sites = (_sites, _server_names, _logs, _cache)
    return [
        *(claim for part in parts for claim in part(names)),
        *(claim for part in sites for claim in part(names, configuration)),
    ]


def is_own_folder(root: Path) -> bool:
    """Return whether a folder is an application of Puerto's: it holds a release, whatever people put beside it.

    Root alone, or whom this runs as, can have made it: what another calls a release is none. A first run that was
    cut off has left no release, but their folder, whose mode few others have, and nothing else.
    """
    releases = root / "releases"
    if not releases.is_dir() or {root.stat().st_uid, releases.stat().st_uid} != {os.geteuid()}:
        return False
    if any(ID.fullmatch(plan.parent.name) for plan in releases.glob("*/plan.json")):
        return True
    names = {entry.name for entry in root.iterdir() if not entry.name.startswith(".")}
    is_marked = names <= ENTRIES and stat.S_IMODE(releases.stat().st_mode) == RELEASES_MODE
    return is_marked and all(ID.fullmatch(entry.name) for entry in releases.iterdir() if entry.name[0] != ".")


def _folder(names: Names) -> Iterator[Claim]:
    root = Path(names.app_root)
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        yield Claim("folder", str(root), ABSENT)
    else:
        is_ours = root.is_dir() and is_own_folder(root)
        yield Claim("folder", str(root), OURS if is_ours else FOREIGN, "" if is_ours else _describe_folder(root))


def _describe_folder(root: Path) -> str:
    owner = accounts.owner_of(root)
    if not root.is_dir():
        return f"a file of {owner}"
    entries = sorted(entry.name for entry in root.iterdir())
    more = f" and {len(entries) - NAMES_SHOWN} more" if entries[NAMES_SHOWN:] else ""
    shown = ", ".join(entries[:NAMES_SHOWN]) + more
    units = sorted({process.unit for process in processes.all_processes() if process.works_in(root)} - {""})
    running = f"; {', '.join(units)} runs there" if units else ""
    return f"a folder of {owner}, with {shown}{running}"


def _accounts(names: Names) -> Iterator[Claim]:
    user = accounts.user(names.app_user)
    if user is None:
        group = accounts.group(names.app_user)
        yield Claim("user", names.app_user, ABSENT)
        description = f"a group of {', '.join(group.gr_mem) or 'nobody'}" if group else ""
        yield Claim("group", names.app_user, FOREIGN if group else ABSENT, description)
        return
    is_ours = user.pw_gecos == names.user_mark or names.app_user in _users_of(names.application)
    yield Claim("user", user.pw_name, OURS if is_ours else FOREIGN, "" if is_ours else accounts.describe(user))


def _users_of(application: Application) -> set[str]:
    """Return the users that releases run as, by their plans."""
    try:
        return {application.plan(release).user for release in application.releases()}
    except (HostError, OSError):
        return set()


def _units(names: Names) -> Iterator[Claim]:
    unit, root = names.systemd_unit, Path(names.app_root)
    alias = UNITS / f"{unit}.service"
    if alias.is_symlink() and re.fullmatch(rf"{re.escape(unit)}-{ID.pattern}\.service", alias.readlink().name):
        target = UNITS / alias.readlink().name
        yield _unit_file(alias, root) if target.exists() else Claim("unit", str(alias), OURS)
    else:
        yield _unit_file(alias, root)
    boot = UNITS / f"{unit}-boot.service"
    yield _unit_file(boot, root)
    yield Claim("unit", str(UNITS / "multi-user.target.wants" / boot.name), OURS if boot.exists() else ABSENT)
    if names.nginx_https == "acme":
        yield from (_unit_file(UNITS / f"{unit}-certificate.{kind}", root) for kind in ("service", "timer"))
        timer = UNITS / f"{unit}-certificate.timer"
        yield Claim("unit", str(UNITS / "timers.target.wants" / timer.name), OURS if timer.exists() else ABSENT)
    for kind in ("socket", "timer", "path"):  # which would start the unit of that name, now another's program
        if systemd.exists(f"{unit}.{kind}"):
            yield _unit_file(UNITS / f"{unit}.{kind}", root)


def _unit_file(file: Path, root: Path) -> Claim:
    """Return whose a unit is; it may lie where packages put theirs."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    folders = [line.partition("=")[2] for line in text.splitlines() if line.startswith("WorkingDirectory=")]
    is_ours = SIGNATURE in text and all(Path(folder).is_relative_to(root) for folder in folders)
    if is_ours and text:
        return Claim("unit", str(file), OURS)
    if not text and not systemd.exists(file.name):
        return Claim("unit", str(file), ABSENT)
    if SIGNATURE in text:
        return Claim("unit", str(file), FOREIGN, f"that of another application of Puerto's, in {folders[0]}")
    return Claim("unit", str(file), FOREIGN, systemd.describe(file.name))


def _runtime_folder(names: Names) -> Iterator[Claim]:
    """The folder of the releases' sockets: systemd would give it to another owner."""
    folder = Path("/run") / names.systemd_unit
    owner = accounts.owner_of(folder) if folder.exists() else ""
    entries = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    if not owner or all(map(ID.fullmatch, entries)):
        yield Claim("folder", str(folder), OURS if owner else ABSENT)
    else:
        yield Claim(
            "folder", str(folder), FOREIGN, f"a folder of {owner}, with {', '.join(sorted(entries)[:NAMES_SHOWN])}"
        )


def _sites(names: Names, configuration: Configuration) -> Iterator[Claim]:
    unknown_hosts = Path(names.nginx_unknown_hosts)
    for file in (SITES / names.app_name, ENABLED / names.app_name, ENABLED / f"{LATE}{names.app_name}", unknown_hosts):
        if not file.exists() and not file.is_symlink():
            yield Claim("site", str(file), ABSENT)
        elif _is_own_site(names, file) or (file == unknown_hosts and is_puertos(file)):
            yield Claim("site", str(file), OURS)
        else:
            yield Claim("site", str(file), FOREIGN, _describe_site(file))
    default = ENABLED / DEFAULT
    if not default.exists() or is_debians_default():  # somebody's own isn't touched
        yield Claim("site", str(default), OURS if default.exists() else ABSENT)
    for file in _others(names, configuration.files_with("upstream", names.app_name)):
        yield Claim("upstream", names.app_name, FOREIGN, f"{file} has it", (str(file),))


def _describe_site(file: Path) -> str:
    if not file.exists():
        return f"a link to {file.readlink()}, which doesn't exist"
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    first = [line for line in lines if line and not line.startswith("#")][:FIRST_LINES]
    return f"a site of {accounts.owner_of(file)}: {' '.join(first)} …"


def _server_names(names: Names, configuration: Configuration) -> Iterator[Claim]:
    for name in names.nginx_server_names:
        named = [server for server in configuration.servers if server.answers_any([name])]
        servers = [server for server in named if any(map(server.listens_on, names.ports))]
        files = sorted(set(_others(names, [server.file for server in servers])))
        if files:
            paths = tuple(map(str, files))
            yield Claim("server name", name, FOREIGN, f"{', '.join(paths)} answers to it", paths)
        else:
            yield Claim("server name", name, OURS if servers else ABSENT)


def _logs(names: Names, configuration: Configuration) -> Iterator[Claim]:
    for kind, log in (("access_log", names.nginx_access_log), ("error_log", names.nginx_error_log)):
        files = _others(names, configuration.files_with(kind, log))
        if files:
            yield Claim("log", log, FOREIGN, f"{files[0]} writes to it", tuple(map(str, files)))
        else:
            yield Claim("log", log, OURS if Path(log).exists() else ABSENT)


def _cache(names: Names, configuration: Configuration) -> Iterator[Claim]:
    folder = CACHES / names.app_name
    is_ours = (Path(names.app_root) / "current").exists() or not folder.exists() or not any(folder.iterdir())
    files = _others(names, configuration.files_with("proxy_cache_path", str(folder)))
    if is_ours and not files:
        yield Claim("cache", str(folder), OURS if folder.exists() else ABSENT)
    else:
        user = f"{files[0]} uses it" if files else f"a folder of {accounts.owner_of(folder)}"
        yield Claim("cache", str(folder), FOREIGN, user)


def _others(names: Names, files: list[Path]) -> list[Path]:
    """Return those of the files that aren't this application's site."""
    return [file for file in files if not _is_own_site(names, file)]


def _is_own_site(names: Names, file: Path) -> bool:
    """Return whether a file is this application's site: the release's, or one that a person has edited in its place."""
    own = Path(names.app_root) / "current" / "site.conf"
    if _leads_to(file, own):
        return True
    return is_puertos(file) and f"{own.parent}/" in file.read_text(encoding="utf-8", errors="replace")


def _leads_to(file: Path, target: Path) -> bool:
    """Return whether a path is a link to a file, over other links; the file itself may be a link as well."""
    for _ in range(LINKS_FOLLOWED):
        if file == target or not file.is_symlink():
            break
        file = file.parent / file.readlink()
    return file == target
