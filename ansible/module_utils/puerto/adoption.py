"""Taking over a deployment made by hand: a copy of all of it first, one switch, and the way back as a program."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from . import accounts, package_manager, restoration, systemd
from .errors import HostError
from .files import clear, write
from .footprint import ENTRIES
from .handmade import Handmade
from .layout import ENABLED, NGINX
from .names import Names

COPIES = Path("/var/backups/puerto")
SHARED_MODE = 0o1777
"""Of the old folder while two deployments work in it: as in /tmp, none can remove another's files."""


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
        return [Path(site) for site in self.sites if Path(site).parent in (ENABLED, NGINX / "conf.d")]

    def remove_sites(self) -> None:
        """Have Nginx no longer read the deployment's site, once it loads its configuration."""
        for file in self.site_files:
            file.unlink(missing_ok=True)

    def put_sites_back(self) -> None:
        """Have Nginx read the deployment's site again."""
        for file in self.sites:
            if (copy := self.copied(file)).exists() or copy.is_symlink():
                _copy(copy, Path(file))

    def copied(self, path: str) -> Path:
        """Return where the copy has a file."""
        return Path(self.backup) / "files" / path.lstrip("/")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def begin(names: Names, handmade: Handmade) -> Adoption:
    """Copy a deployment, and write the program that puts it back; nothing of it is changed but its folder's mode.

    Raises:
        HostError: its folder has entries that are called as Puerto's own.
    """
    if adoption := Adoption.pending(names.app_name):
        return adoption
    root = Path(names.app_root)
    is_inside = names.app_root in handmade.folders
    taken = sorted({entry.name for entry in root.iterdir()} & ENTRIES) if is_inside else []
    if taken:
        raise HostError(
            f"{root} has {', '.join(taken)} already, which Puerto's own would be called: rename them first."
        )
    units = [Path(file).name for file in handmade.units if Path(file).is_file()]
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    adoption = Adoption(
        str(COPIES / f"{names.app_name}-{stamp}"), names.app_name, handmade.sites, handmade.units,
        names.app_root if is_inside else "", _owner(root) if is_inside else (),
        tuple(unit for unit in units if systemd.is_active(unit)),
        tuple(unit for unit in units if systemd.value(unit, "UnitFileState") == "enabled"),
        handmade.sockets,
    )  # fmt: skip
    Path(adoption.backup).mkdir(mode=0o700, parents=True)
    for file in map(Path, (*adoption.sites, *adoption.units, *_replaced(names))):
        if file.exists() or file.is_symlink():
            _copy(file, adoption.copied(str(file)))
    write(Path(adoption.backup) / "packages", "\n".join(package_manager.installed()) + "\n", 0o600)
    write(Path(adoption.backup) / "restore.sh", restoration.program(adoption, names), 0o700)
    adoption.save()
    if is_inside:
        os.chown(root, 0, -1)
        root.chmod(SHARED_MODE)
    return adoption


def _owner(folder: Path) -> tuple[str, ...]:
    metadata = folder.stat()
    return (
        accounts.user_name(metadata.st_uid),
        accounts.group_name(metadata.st_gid),
        f"{metadata.st_mode & 0o7777:04o}",
    )


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
