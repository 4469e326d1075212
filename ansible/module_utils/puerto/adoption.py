"""Taking over a deployment made by hand: a copy of all of it first, one switch, and the way back as a program."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from . import package_manager, restoration, shared_folder, systemd
from .errors import HostError
from .files import clear, write
from .footprint import ENTRIES, is_own_folder
from .handmade import Handmade
from .layout import CONF_D, ENABLED
from .names import Names
from .neighbours import is_puertos

COPIES = Path("/var/backups/puerto")
LINKS = {"current", "previous"}
"""Those of Puerto's own entries that are links."""


@dataclass(frozen=True)
class Adoption:
    """A deployment that is being taken over, or was.

    Attributes:
        backup: the folder of its copy.
        app_name: the application that takes its place.
        sites: its site's files; those in Nginx's own folders are removed at the switch.
        units: its units' files.
        root: the application's folder, if the deployment works there, else empty.
        owner: that folder's user, group and mode before, e.g. ``["admin", "www-data", "0775"]``; empty without it.
        active: its units that ran.
        enabled: its units that start at boot.
        sockets: where it listens.
        is_finished: whether nothing of it runs any more.
        unknown_hosts: the file of what answers unknown names, which may be written only once its site is gone.
    """

    backup: str
    app_name: str
    sites: tuple[str, ...]
    units: tuple[str, ...]
    root: str
    owner: tuple[str, ...]
    active: tuple[str, ...]
    enabled: tuple[str, ...]
    sockets: tuple[str, ...]
    is_finished: bool = False
    unknown_hosts: str = ""

    @classmethod
    def pending(cls, app_name: str) -> Self | None:
        """Return the adoption that isn't finished yet; None if there is none."""
        for file in sorted(COPIES.glob(f"{app_name}-*/adoption.json"), reverse=True):
            values = json.loads(file.read_text(encoding="utf-8"))
            adoption = cls(**{name: _frozen(value) for name, value in values.items()})
            if adoption.app_name == app_name and not adoption.is_finished:
                return adoption
        return None

    def save(self) -> None:
        """Record it in its copy."""
        write(Path(self.backup) / "adoption.json", json.dumps(asdict(self), indent=2) + "\n", 0o600)

    @property
    def site_files(self) -> list[Path]:
        """The files by which Nginx reads its site."""
        return [Path(site) for site in self.sites if Path(site).parent in (ENABLED, CONF_D)]

    @property
    def is_read(self) -> bool:
        """Whether Nginx reads its site; the application's own may have taken its name."""
        return any((file.exists() or file.is_symlink()) and not is_puertos(file) for file in self.site_files)

    @property
    def waiting(self) -> Path:
        """Where what is to answer unknown names waits for the switch, as Nginx may refuse it beside its site."""
        return Path(self.backup) / "unknown_hosts.conf"

    def place_for(self, file: Path) -> Path:
        """Return where a file of Nginx's is written now."""
        return self.waiting if str(file) == self.unknown_hosts and self.is_read else file

    def texts(self) -> dict[Path, str]:
        """Return file → text, of what waits for the switch."""
        return {Path(self.unknown_hosts): self.waiting.read_text(encoding="utf-8")} if self.waiting.exists() else {}

    def remove_sites(self) -> None:
        """Have Nginx read what waited for the switch rather than the deployment's site, once it loads."""
        for file in self.site_files:
            file.unlink(missing_ok=True)
        for file, text in self.texts().items():
            write(file, text)
            self.waiting.unlink()

    def put_sites_back(self) -> None:
        """Have Nginx read the deployment's site again."""
        for file in (*self.sites, self.unknown_hosts):
            copy = self.copied(file)
            if copy.is_file() or copy.is_symlink():
                _copy(copy, Path(file))
            elif file and file == self.unknown_hosts:
                clear(Path(file))

    def copied(self, path: str) -> Path:
        """Return where the copy has a file."""
        return Path(self.backup) / "files" / path.lstrip("/")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def obstacles(names: Names, handmade: Handmade) -> list[str]:
    """Return a sentence for each reason why a deployment can't be taken over, or the run that was cut off go on."""
    if adoption := Adoption.pending(names.app_name):
        return list(_planted(Path(adoption.root))) if adoption.root else []
    root = Path(names.app_root)
    if handmade and (root / "current").is_symlink() and is_own_folder(root):
        parts = ", ".join(handmade.sites or handmade.units)
        return [
            f"An application of Puerto's runs in {root} already, and the way back would remove it: take its names out "
            f"of what was made by hand ({parts}), then run up instead of adopt."
        ]
    taken = sorted({entry.name for entry in root.iterdir()} & ENTRIES) if str(root) in handmade.folders else []
    sentence = f"{root} has {', '.join(taken)} already, which Puerto's own would be called: rename them first."
    return [sentence] if taken else []


def _planted(root: Path) -> Iterator[str]:
    """Yield a sentence for each entry called as one of Puerto's own that another account has put there."""
    for entry in (root / name for name in sorted(ENTRIES)):
        is_link = entry.is_symlink()
        if (is_link or entry.exists()) and (entry.lstat().st_uid or (is_link and entry.name not in LINKS)):
            yield f"{entry} isn't root's own, and Puerto would trust it: find out who put it there, and remove it."


def begin(names: Names, handmade: Handmade) -> Adoption:
    """Copy a deployment, and write the program that puts it back; nothing of it is changed but who has its folder.

    Raises:
        HostError: it can't be taken over, or its folder has entries of another's that are called as Puerto's own.
    """
    adoption = Adoption.pending(names.app_name)
    if not adoption:
        _require_none(obstacles(names, handmade))
        adoption = _begin(names, handmade)
    if adoption.root:
        shared_folder.share(Path(adoption.root), adoption.units)
    _require_none(obstacles(names, handmade))
    return adoption


def _require_none(sentences: list[str]) -> None:
    if sentences:
        raise HostError("\n".join(sentences))


def _begin(names: Names, handmade: Handmade) -> Adoption:
    root = Path(names.app_root)
    is_inside = names.app_root in handmade.folders
    units = [Path(file).name for file in handmade.units if Path(file).is_file()]
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    adoption = Adoption(
        str(COPIES / f"{names.app_name}-{stamp}"), names.app_name, handmade.sites, handmade.units,
        names.app_root if is_inside else "", shared_folder.owner(root) if is_inside else (),
        tuple(unit for unit in units if systemd.is_active(unit)),
        tuple(unit for unit in units if systemd.value(unit, "UnitFileState") == "enabled"),
        handmade.sockets, unknown_hosts=names.nginx_unknown_hosts,
    )  # fmt: skip
    Path(adoption.backup).mkdir(mode=0o700, parents=True)
    for file in map(Path, (*adoption.sites, *adoption.units, *_replaced(names))):
        if file.exists() or file.is_symlink():
            _copy(file, adoption.copied(str(file)))
    write(Path(adoption.backup) / "packages", "\n".join(package_manager.installed()) + "\n", 0o600)
    write(Path(adoption.backup) / "restore.sh", restoration.program(adoption, names), 0o700)
    adoption.save()
    return adoption


def _replaced(names: Names) -> Iterator[str]:
    """Yield what a run removes or writes that isn't the deployment's."""
    yield from (str(ENABLED / "default"), names.nginx_unknown_hosts)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, a link or a folder with its owner and its mode, in the place of what is there."""
    clear(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--no-target-directory", str(source), str(target)], check=True)


def finish(adoption: Adoption) -> None:
    """Stop the deployment, which no longer gets requests, and move what it was made of into its copy."""
    for file in map(Path, adoption.units):
        if file.is_symlink():
            continue  # the application's own name for its unit by now
        if file.is_file():
            systemd.systemctl("disable", "--now", file.name, check=False)
        clear(file)
    systemd.systemctl("daemon-reload")
    for file in map(Path, adoption.sites):
        if not file.is_symlink():
            clear(file)
    if adoption.root:
        _move_content(Path(adoption.root), adoption.copied(adoption.root))
    replace(adoption, is_finished=True).save()


def _move_content(root: Path, copy: Path) -> None:
    """Move all but the application's own entries; a run that was cut off has moved some already."""
    copy.mkdir(parents=True, exist_ok=True)
    for entry in sorted(root.iterdir()):
        if entry.name not in ENTRIES:
            subprocess.run(["mv", "--", str(entry), str(copy)], check=True)
