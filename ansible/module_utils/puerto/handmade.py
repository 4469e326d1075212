"""A deployment made by hand: its site, and the unit, the socket and the folder that are found from it."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import processes, systemd
from .footprint import ENTRIES, is_own_folder
from .layout import CONF_D, ENABLED, SITES, UNITS
from .names import Names
from .neighbours import is_puertos
from .nginx_config import Configuration, Server

MODELS = (".joblib", ".pickle", ".pkl", ".sav", ".skops")
"""How the files of trained models end."""

FILES_SEARCHED = 20_000
ADDRESS = re.compile(r"https?://(unix:[^:]+|(?:\[[^\]]*\]|[^/:]+)(?::\d+)?)")
LOCAL = {"127.0.0.1", "localhost", "[::1]", "0.0.0.0"}
UNIT_KINDS = (".service", ".socket")
SITE_FOLDERS = (ENABLED, CONF_D)
"""Where a file may be a site, which can be taken out by itself."""


@dataclass(frozen=True)
class Handmade:
    """A deployment made by hand, as it is found on the host.

    Attributes:
        sites: files of Nginx that hold its site: those that Nginx reads, and what they are links to.
        units: its units' files.
        folders: where it works.
        sockets: where it listens: Unix sockets, or ports.
        models: files of models in its folders.
        settings: names of the settings in its .env.
        obstacles: a sentence for each part of it that others need too, who would lose it.
    """

    sites: tuple[str, ...]
    units: tuple[str, ...]
    folders: tuple[str, ...]
    sockets: tuple[str, ...]
    models: tuple[str, ...]
    settings: tuple[str, ...]
    obstacles: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.sites or self.units)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def survey(names: Names, configuration: Configuration) -> Handmade:
    """Find the deployment that stands where the application is to be: it has its server names, its site or its unit."""
    servers = [server for server in configuration.servers if _is_meant(server, names)]
    addresses = sorted({address for server in servers for address in _addresses(server, configuration)})
    asked = {unit for address in addresses for unit in _units_at(address)}
    units = {*asked}
    own = f"{names.systemd_unit}.service"
    if (UNITS / own).is_file() and not is_puertos(UNITS / own):
        units.add(own)
    files = sorted({str(file) for unit in units for file in _unit_files(unit)})
    folders = {folder for unit in units if (folder := systemd.value(unit, "WorkingDirectory")) not in ("", "/")}
    root = Path(names.app_root)
    if root.is_dir() and any(root.iterdir()) and not is_own_folder(root):
        folders.add(str(root))
    sites = {file for server in servers for file in (server.file, server.file.resolve())}
    sites |= {
        file for file in (SITES / names.app_name, ENABLED / names.app_name) if file.is_file() and not is_puertos(file)
    }
    return Handmade(
        tuple(sorted(map(str, sites))), tuple(files), tuple(sorted(folders)), tuple(addresses),
        tuple(model for folder in sorted(folders) for model in _models(Path(folder))),
        tuple(setting for folder in sorted(folders) for setting in _settings(Path(folder) / ".env")),
        (*_mixed(servers, configuration, names), *_asked(asked, servers, configuration), *_packaged(units)),
    )  # fmt: skip


def _is_meant(server: Server, names: Names) -> bool:
    named = server.answers_any(names.nginx_server_names) or server.file == ENABLED / names.app_name
    return named and not is_puertos(server.file)


def _mixed(servers: list[Server], configuration: Configuration, names: Names) -> Iterator[str]:
    """Yield a sentence for each file that can't be taken out of Nginx without another's site."""
    named = {server.file for server in servers if server.answers_any(names.nginx_server_names)}
    others = {
        server.file
        for server in configuration.servers
        if server not in servers or (server.names and not server.answers_any(names.nginx_server_names))
    }
    for file in sorted({server.file for server in servers}):
        if file.parent not in SITE_FOLDERS:
            yield f"{file} is no site's own file: move this site into a file of its own in {ENABLED} first."
        elif file in named & others:
            yield f"{file} holds other sites too: move this site into a file of its own first."


def _asked(units: set[str], servers: list[Server], configuration: Configuration) -> Iterator[str]:
    """Yield a sentence for each other site that asks one of the units, at whichever of its addresses."""
    for file in sorted({server.file for server in configuration.servers} - {server.file for server in servers}):
        own = [server for server in configuration.servers if server.file == file]
        addresses = {address for server in own for address in _addresses(server, configuration)}
        if any(_units_at(address) & units for address in addresses):
            yield f"{file} asks the deployment's unit too, and would lose it: give that site a unit of its own first."


def _packaged(units: set[str]) -> Iterator[str]:
    """Yield a sentence for each unit of which only additions are an administrator's: others may need it too."""
    for unit in sorted(units):
        file = UNITS / unit
        if _unit_files(unit) and (file.is_symlink() or not file.is_file()):
            yield (
                f"{unit} can't be stopped and removed, as {file} is no file: its own lies elsewhere. Give this site a "
                "unit of its own there first."
            )


def _addresses(server: Server, configuration: Configuration) -> Iterator[str]:
    """Yield where a site sends requests: unix:/path, or port; an upstream's name stands for its servers."""
    upstreams = {upstream.arguments[0]: upstream for content in configuration.files.values()
                 for upstream in content.all("upstream") if upstream.arguments}  # fmt: skip
    for target in (*server.directive.values("proxy_pass"), *server.directive.values("uwsgi_pass")):
        address = match[1] if (match := ADDRESS.match(target)) else target
        upstream = upstreams.get(address)
        for text in upstream.values("server") if upstream else [address]:
            if text.startswith("unix:"):
                yield text
            elif text.rpartition(":")[0] in LOCAL and text.rpartition(":")[2].isdigit():
                yield text.rpartition(":")[2]


def _units_at(address: str) -> set[str]:
    path = address.removeprefix("unix:")
    listeners = processes.listening_at(Path(path)) if path != address else processes.listening_on(int(address))
    return {process.unit for process in listeners} - {"", "init.scope"}


def _unit_files(unit: str) -> list[Path]:
    stem = unit.removesuffix(".service")
    files = [UNITS / f"{stem}{kind}" for kind in UNIT_KINDS] + [UNITS / f"{unit}.d"]
    return [file for file in files if file.exists()]


def _models(folder: Path) -> list[str]:
    """Return the files of models in a folder; one of a virtualenv is a package's own."""
    models = []
    for number, path in enumerate(folder.rglob("*")):
        if number > FILES_SEARCHED:
            break
        if (
            path.suffix in MODELS
            and "site-packages" not in path.parts
            and not set(path.relative_to(folder).parts) & ENTRIES
        ):
            models.append(str(path))
    return sorted(models)


def _settings(file: Path) -> list[str]:
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.partition("=")[0].removeprefix("export ").strip() for line in lines if "=" in line and line[0] != "#"]
