"""What a host must have before a run changes anything on it: each lack is a sentence, with what to do."""

import json
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from . import acme_preflight, adoption, nginx_preflight, package_index
from .adoption import Adoption
from .errors import HostError
from .footprint import FOREIGN, Claim, claims
from .handmade import survey
from .names import Names
from .neighbours import Neighbours
from .program_output import plain

SUPPORTED = {"12", "13"}
CLOCK_SECONDS = 600
"""A host whose clock is further off finds certificates and package lists that aren't valid yet, or no longer."""

OPTIONS = {
    "folder": "app_root", "user": "app_user", "group": "app_user", "unit": "systemd_unit", "site": "app_name",
    "upstream": "app_name", "cache": "app_name", "server name": "nginx_server_names",
    "log": "nginx_access_log and nginx_error_log",
}  # fmt: skip
"""Kind of a claim → the option that gives it another name."""

ADOPT = "If it is your own deployment, made by hand, Puerto can take it over: python3 -m deploy adopt <environment>."

HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp")
"""Folders that the unit's sandbox hides from the application, or that a reboot empties."""


@dataclass(frozen=True)
class Requirements:
    """What the environment asks of a host.

    Attributes:
        disk_mib: free disk space for the first release, in MiB.
        memory_mib: memory in all, in MiB.
        clock: the operator's time, in seconds since 1970.
        package_index: pip's own package index, where the host's settings name no other.
        adopt: whether a deployment made by hand is to be taken over.
        acme_directory: the authority that would be asked for a certificate.
    """

    disk_mib: int
    memory_mib: int
    clock: int
    package_index: str
    adopt: bool
    acme_directory: str

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the argument of a module, whose numbers may be texts."""
        numbers = {name: int(values[name]) for name in ("disk_mib", "memory_mib", "clock")}
        index, directory = (str(values[name]) for name in ("package_index", "acme_directory"))
        return cls(**numbers, package_index=index, adopt=bool(values["adopt"]), acme_directory=directory)


def faults(names: Names, requirements: Requirements, neighbours: Neighbours) -> list[str]:
    """Return a sentence for each thing that the host lacks, or that is another's."""
    lacks = [*_distribution(), *_privileges(), *_systemd(), *_memory(requirements)]
    if os.geteuid():
        return lacks
    adopted = adopted_files(names, requirements, neighbours)
    return [
        *lacks,
        *_folder(names),
        *_unit(names),
        *_disk(names, requirements),
        *_clock(requirements),
        *nginx_preflight.faults(names, neighbours, adopted),
        *acme_preflight.faults(names, requirements.acme_directory),
        *_package_index(names, requirements),
        *_shared(names, requirements, neighbours),
        *(nginx_preflight.lost_https(names, neighbours) if requirements.adopt else []),
        *refusal(claims(names, neighbours.configuration), adopted),
    ]


def _shared(names: Names, requirements: Requirements, neighbours: Neighbours) -> Iterator[str]:
    """A deployment of which others need a part can't be taken over, nor one whose way back would remove another."""
    if requirements.adopt:
        handmade = survey(names, neighbours.configuration)
        yield from (*handmade.obstacles, *adoption.obstacles(names, handmade))


def adopted_files(names: Names, requirements: Requirements, neighbours: Neighbours) -> set[str]:
    """Return the files of a deployment that is taken over, or that a run which was cut off began to take over."""
    pending = Adoption.pending(names.app_name)
    files = {*pending.sites, *pending.units, pending.root} if pending else set()
    if requirements.adopt:
        handmade = survey(names, neighbours.configuration)
        files |= {*handmade.sites, *handmade.units, *handmade.folders}
    return files


def refusal(claims: list[Claim], adopted: Collection[str] = ()) -> list[str]:
    """Return a sentence for each part that is another's, and the ways out.

    Args:
        adopted: files that are taken over.
    """
    foreign = [claim for claim in claims if claim.holder == FOREIGN and not claim.is_held_by(adopted)]
    if not foreign:
        return []
    options = ", ".join(sorted({OPTIONS[claim.kind] for claim in foreign} - {"app_name"}))
    names = f" (or only what is taken: {options})" if options else ""
    ways = [f"Give this application a name of its own: app_name, which its folder, unit, user and site follow{names}."]
    if not adopted and any(claim.kind in ("unit", "site", "server name") for claim in foreign):
        ways.append(ADOPT)
    parts = ((f"{claim.kind} {claim.name}", claim.description) for claim in foreign)
    return [*(plain(f"{part} is another's, and stays as it is: {what}.") for part, what in parts), *ways]


def _distribution() -> Iterator[str]:
    """Debian 12 and 13 have the Python versions that Pipfile.lock was made for."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    name, version = fields.get("ID", "").strip('"'), fields.get("VERSION_ID", "").strip('"')
    if name != "debian" or version not in SUPPORTED:
        system = fields.get("PRETTY_NAME", "an unknown system").strip('"')
        yield f"It runs {system}; Puerto needs Debian {' or '.join(sorted(SUPPORTED))}."


def _privileges() -> Iterator[str]:
    if os.geteuid():
        yield "This user is not root on the host; set ansible_become: true in the inventory to use sudo."


def _systemd() -> Iterator[str]:
    if not Path("/run/systemd/system").is_dir():
        yield "It was not booted by systemd, which has to run the application."


def _unit(names: Names) -> Iterator[str]:
    """An application keeps its unit: its releases were made with it, and a rollback needs them."""
    plan = Path(names.app_root, "current", "plan.json")
    current = json.loads(plan.read_text(encoding="utf-8"))["unit"] if plan.exists() else names.systemd_unit
    if current != names.systemd_unit:
        root = names.app_root
        yield f"The application in {root} has the unit {current}: keep systemd_unit, or use another folder (app_root)."


def _folder(names: Names) -> Iterator[str]:
    root = Path(names.app_root)
    if hiding := next((folder for folder in HIDDEN if root.is_relative_to(folder)), ""):
        yield f"app_root: {root} is below {hiding}, which the unit's sandbox hides: use a folder below /srv or /opt."
    elif root.resolve() != root:
        yield f"app_root: {root} leads over a link to {root.resolve()}: set app_root to that."


def _disk(names: Names, requirements: Requirements) -> Iterator[str]:
    """The space is for the first run; a host that already has a release passes."""
    root = Path(names.app_root)
    folder = next(path for path in (root, *root.parents) if path.is_dir())
    usage = os.statvfs(folder)
    free = usage.f_bavail * usage.f_frsize // 2**20
    needed = requirements.disk_mib
    if free < needed and not (root / "current").exists():
        yield f"{free} MiB of disk space are free in {folder}; {needed} are needed (preflight_disk_mib)."


def _memory(requirements: Requirements) -> Iterator[str]:
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    mib = next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:")) // 1024
    if mib < requirements.memory_mib:
        yield f"It has {mib} MiB of memory; {requirements.memory_mib} are needed (preflight_memory_mib)."


def _clock(requirements: Requirements) -> Iterator[str]:
    offset = time.time() - requirements.clock
    if abs(offset) > CLOCK_SECONDS:
        side = "ahead of" if offset > 0 else "behind"
        yield f"Its clock is {abs(offset):.0f} s {side} this machine's: set it (timedatectl set-ntp true)."


def _package_index(names: Names, requirements: Requirements) -> Iterator[str]:
    """A first release needs it; later ones may not, and say what is wrong themselves."""
    if not Path(names.app_root, "current").exists():
        try:
            package_index.check(requirements.package_index)
        except HostError as fault:
            yield str(fault)
