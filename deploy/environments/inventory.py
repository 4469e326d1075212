"""An environment: a folder in ansible/inventories, or any inventory by its path."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from deploy.base.errors import DeployError
from deploy.base.paths import INVENTORIES
from deploy.rehearsal import hosts as rehearsal

LOCAL = "local"
"""The environment whose host is made on this machine."""


@dataclass(frozen=True)
class Environment:
    """What an operator names after the command.

    Attributes:
        name: as the operator typed it.
        inventory: the path that Ansible gets.
        become_password: sudo's on its hosts, if the operator was asked for it.
    """

    name: str
    inventory: Path
    become_password: str = field(default="", repr=False)

    @property
    def file_name(self) -> str:
        """Its name in a form that a file may have."""
        return re.sub(r"[^\w.-]+", "-", self.name).strip("-")

    @property
    def is_local(self) -> bool:
        """Whether its host is made on this machine."""
        return self.name == LOCAL


def named(name: str) -> Environment:
    """Return the environment of that name or path.

    Raises:
        DeployError: there is none.
    """
    if name == LOCAL:
        return Environment(LOCAL, INVENTORIES / LOCAL)
    path = Path(name) if "/" in name else INVENTORIES / name
    if path.exists():
        return Environment(name, path.resolve())
    if "/" in name:
        raise DeployError(f"{name}: no such inventory", status=2)
    names = ", ".join(sorted({LOCAL} | {folder.name for folder in INVENTORIES.iterdir() if folder.is_dir()}))
    advice = f"Create it: cp -r ansible/inventories/example ansible/inventories/{name}"
    raise DeployError(f"{name}: no such environment; the existing ones are: {names}", advice, status=2)


def write_local(host: rehearsal.Host) -> None:
    """Write the local environment's inventory."""
    path = INVENTORIES / LOCAL / "hosts.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("---\n# Written by python3 -m deploy up\n" + rehearsal.inventory([host]))


def require_local_host() -> None:
    """Check that the local environment has its host, running or not.

    Raises:
        DeployError: it has none.
    """
    if not (INVENTORIES / LOCAL / "hosts.yml").exists() or rehearsal.find(LOCAL) is None:
        raise DeployError("local: there is no host on this machine yet", "Create it: python3 -m deploy up")
