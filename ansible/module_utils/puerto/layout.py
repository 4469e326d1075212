"""Where everything is on the host; the link alone says which release is current."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .errors import HostError
from .files import replace_symlink
from .plan import Plan

ID = re.compile(r"[0-9a-f]{12}")
UNITS = Path("/etc/systemd/system")
NGINX = Path("/etc/nginx")
SITES, ENABLED, CONF_D = NGINX / "sites-available", NGINX / "sites-enabled", NGINX / "conf.d"
LATE = "zz-"
"""Begins the name of a link that Nginx must read after those of others."""

SIGNATURE = "# Puerto wrote this file"
"""What every file of Puerto's begins with."""


@dataclass(frozen=True)
class Application:
    """An application's folder and unit.

    Attributes:
        root: the folder.
        unit: the name that administrators use; a release's own unit is this, a dash and its id.
    """

    root: Path
    unit: str

    @classmethod
    def at(cls, root: str, unit: str) -> Self:
        """Return the application in a folder.

        Raises:
            HostError: it has another unit. The preflight says so too, when a host is provisioned.
        """
        application = cls(Path(root), unit)
        current_unit = application.plan(application.current).unit if application.current else unit
        if current_unit != unit:
            raise HostError(f"The application in {root} has the unit {current_unit}: keep systemd_unit.")
        return application

    @property
    def current(self) -> str | None:
        """The id of the release that Nginx asks; None before the first one."""
        return self._linked("current")

    @property
    def previous(self) -> str | None:
        """The id of the release before it, which Nginx asks if the current one doesn't answer."""
        return self._linked("previous")

    def folder(self, release: str) -> Path:
        """Return the folder of a release."""
        return self.root / "releases" / release

    def service(self, release: str) -> str:
        """Return the unit of a release."""
        return f"{self.unit}-{release}.service"

    def socket(self, release: str) -> Path:
        """Return the socket of a release."""
        return Path("/run") / self.unit / release / f"{self.unit}.sock"

    def plan(self, release: str) -> Plan:
        """Return what a release was made from."""
        file = self.folder(release) / "plan.json"
        return Plan.from_json(file.read_text(encoding="utf-8"), str(file))

    def releases(self) -> list[str]:
        """Return the ids of all complete releases, the newest last."""
        folders = [folder for folder in (self.root / "releases").glob("*") if ID.fullmatch(folder.name)]
        complete = [folder.name for folder in folders if (folder / "plan.json").exists()]
        return sorted(complete, key=lambda release: self.plan(release).at)

    def verdict(self, release: str) -> dict[str, str]:
        """Return what became of a release: ``{"verdict": "good" or "bad", "reason", "at"}``; empty if unfinished."""
        try:
            verdict: dict[str, str] = json.loads((self.folder(release) / "verdict.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return verdict

    def is_good(self, release: str) -> bool:
        """Return whether a release passed all its gates, and wasn't rolled back."""
        return self.verdict(release).get("verdict") == "good"

    @property
    def last_good(self) -> str | None:
        """The good release to go back to: the one before the current one, else the one last found good; or None."""
        good = [release for release in self.releases() if release != self.current and self.is_good(release)]
        if not good or self.previous in good:
            return self.previous if good else None
        return max(good, key=lambda release: self.verdict(release)["at"])

    def link(self, name: str, release: str) -> None:
        """Point ``current`` or ``previous`` to a release, atomically."""
        replace_symlink(self.root / name, f"releases/{release}")

    @property
    def maintenance_flag(self) -> Path:
        """The file whose presence shows visitors the maintenance page."""
        return self.root / "shared" / "maintenance"

    @property
    def in_maintenance(self) -> bool:
        """Whether visitors see that page."""
        return self.maintenance_flag.exists()

    def _linked(self, name: str) -> str | None:
        try:
            release = (self.root / name).readlink().name
        except FileNotFoundError:
            return None
        return release if (self.folder(release) / "plan.json").exists() else None


def own_application() -> Application:
    """Return the application whose release this program is part of."""
    release = Path(__file__).resolve().parents[1]
    return Application(release.parents[1], json.loads((release / "plan.json").read_text(encoding="utf-8"))["unit"])
