"""Where everything is on the host; what is current is what the link says, and nothing else."""

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
SITES = Path("/etc/nginx/sites-available")


@dataclass(frozen=True)
class Application:
    """An application's folder and unit.

    Attributes:
        root: the folder.
        unit: the name that administrators use; a release's own is this, a dash and its id.
    """

    root: Path
    unit: str

    @classmethod
    def at(cls, root: str, unit: str) -> Self:
        """Return the application in a folder.

        Raises:
            HostError: it has another unit. The preflight says it too, where a host is provisioned.
        """
        application = cls(Path(root), unit)
        used = application.plan(application.current).unit if application.current else unit
        if used != unit:
            raise HostError(f"The application in {root} has the unit {used}: keep systemd_unit.")
        return application

    @property
    def current(self) -> str | None:
        """The id of the release that Nginx asks; None before the first."""
        return self._linked("current")

    @property
    def previous(self) -> str | None:
        """The id of the release before it, which Nginx asks where the current one doesn't answer."""
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
        return Plan.stored(file.read_text(encoding="utf-8"), str(file))

    def releases(self) -> list[str]:
        """Return the ids of all whole releases, the newest last."""
        entries = [entry for entry in (self.root / "releases").glob("*") if ID.fullmatch(entry.name)]
        whole = [entry.name for entry in entries if (entry / "plan.json").exists()]
        return sorted(whole, key=lambda release: self.plan(release).at)

    def verdict(self, release: str) -> dict[str, str]:
        """Return what became of a release: ``{"verdict": "good" or "bad", "reason", "at"}``, or nothing."""
        try:
            verdict: dict[str, str] = json.loads((self.folder(release) / "verdict.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return verdict

    def is_good(self, release: str) -> bool:
        """Return whether a release passed all its gates, and was not gone back from."""
        return self.verdict(release).get("verdict") == "good"

    @property
    def last_good(self) -> str | None:
        """The good release to go back to from the current one: the one before it, else the last that was; or None."""
        good = [release for release in self.releases() if release != self.current and self.is_good(release)]
        if not good or self.previous in good:
            return self.previous if good else None
        return max(good, key=lambda release: self.verdict(release)["at"])

    def link(self, name: str, release: str) -> None:
        """Point ``current`` or ``previous`` to a release, in one step."""
        replace_symlink(self.root / name, f"releases/{release}")

    @property
    def maintenance_flag(self) -> Path:
        """The file whose presence has visitors get the page of maintenance."""
        return self.root / "shared" / "maintenance"

    @property
    def in_maintenance(self) -> bool:
        """Whether visitors get that page."""
        return self.maintenance_flag.exists()

    def _linked(self, name: str) -> str | None:
        try:
            release = (self.root / name).readlink().name
        except FileNotFoundError:
            return None
        return release if (self.folder(release) / "plan.json").exists() else None


def here() -> Application:
    """Return the application whose release this program lies in."""
    release = Path(__file__).resolve().parents[1]
    return Application(release.parents[1], json.loads((release / "plan.json").read_text(encoding="utf-8"))["unit"])
