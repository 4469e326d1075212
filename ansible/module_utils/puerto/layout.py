"""Where everything is on the host; what is current is what the link says, and nothing else."""

import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

ID = re.compile(r"[0-9a-f]{12}")
UNITS = Path("/etc/systemd/system")
SITES = Path("/etc/nginx/sites-available")


class Failure(Exception):
    """A step that can't be done: what, why, what to do."""


@dataclass(frozen=True)
class Application:
    """An application's folder and unit.

    Attributes:
        root: the folder.
        unit: the name that administrators use; a release's own is this, a dash and its id.
    """

    root: Path
    unit: str

    @property
    def current(self):
        """The id of the release that Nginx asks; None before the first."""
        return self._linked("current")

    @property
    def previous(self):
        """The id of the release before it, which Nginx asks where the current one doesn't answer."""
        return self._linked("previous")

    def folder(self, release):
        """Return the folder of a release."""
        return self.root / "releases" / release

    def service(self, release):
        """Return the unit of a release."""
        return f"{self.unit}-{release}.service"

    def socket(self, release):
        """Return the socket of a release."""
        return Path("/run") / self.unit / release / f"{self.unit}.sock"

    def plan(self, release):
        """Return what a release was made from; see `releases.Plan`."""
        return json.loads((self.folder(release) / "plan.json").read_text(encoding="utf-8"))

    def releases(self):
        """Return the ids of all whole releases, the newest last."""
        found = [entry for entry in (self.root / "releases").glob("*") if ID.fullmatch(entry.name)]
        whole = [entry.name for entry in found if (entry / "plan.json").exists()]
        return sorted(whole, key=lambda release: self.plan(release)["at"])

    def verdict(self, release):
        """Return what became of a release: ``{"verdict": "good" or "bad", "reason", "at"}``, or nothing."""
        try:
            return json.loads((self.folder(release) / "verdict.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def is_good(self, release):
        """Return whether a release passed all its gates, and was not gone back from."""
        return self.verdict(release).get("verdict") == "good"

    @property
    def last_good(self):
        """The good release to go back to from the current one: the one before it, else the last that was; or None."""
        good = [each for each in self.releases() if each != self.current and self.is_good(each)]
        if not good or self.previous in good:
            return self.previous if good else None
        return max(good, key=lambda each: self.verdict(each)["at"])

    def link(self, name, release):
        """Point ``current`` or ``previous`` to a release, in one step."""
        point(self.root / name, f"releases/{release}")

    @property
    def in_maintenance(self):
        """Whether visitors get the page that says so."""
        return (self.root / "shared" / "maintenance").exists()

    def _linked(self, name):
        try:
            found = (self.root / name).readlink().name
        except FileNotFoundError:
            return None
        return found if (self.folder(found) / "plan.json").exists() else None


def here():
    """Return the application whose release this program lies in."""
    root = Path(__file__).resolve().parents[3]
    plan = json.loads((Path(__file__).resolve().parents[1] / "plan.json").read_text(encoding="utf-8"))
    return Application(root, plan["unit"])


def point(link, target):
    """Make a symbolic link, or have it point elsewhere: one or the other, at every moment."""
    link.parent.mkdir(parents=True, exist_ok=True)
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(link)


def write(path, text, mode=0o644):
    """Write a file whole or not at all.

    Returns:
        Whether that changed it.
    """
    if (
        path.is_file()
        and not path.is_symlink()
        and path.read_text(encoding="utf-8") == text
        and path.stat().st_mode & 0o7777 == mode
    ):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    Path(name).chmod(mode)
    Path(name).rename(path)
    return True


def remove(folder):
    """Remove a folder: first from sight, so that none is half there."""
    if folder.exists():
        gone = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone)
