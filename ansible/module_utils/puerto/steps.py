"""The steps of a release, which can be repeated; of prepare and build, see build.py, of prove and verify, gates.py."""

import hashlib
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from . import build, content, gates, nginx, systemd
from .layout import Failure, remove, write
from .lock import now

NAMES = ("prepare", "build", "check", "start", "prove", "switch", "verify", "retire")
DRAIN_SECONDS = 10
"""Until nothing of Nginx is connected to a release that isn't current: it keeps idle connections for 5 s."""


def identified(plan):
    """Return a plan with its release's id: 12 hexadecimal digits of all that makes it what it is, on any host."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    said = {key: plan[key] for key in ("content", "settings", "unit_text", "site_text")}
    number = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    return plan | {"id": number, "virtualenv": f"{plan['virtualenv']}-{python}"}


def is_done(application, plan):
    """Return whether the release is current, unharmed and as it was made."""
    release = plan["id"]
    try:
        return (
            application.current == release
            and application.is_good(release)
            and systemd.is_installed(application, release, plan["unit_text"])
            and systemd.is_active(application.service(release))
            and build.is_as_made(application, plan)
            and nginx.is_linked(application, plan)
            and nginx.is_loaded(application, plan, plan["site_text"])
            and bool(gates.verify(application, plan, release))
        )
    except (Failure, OSError):
        return False


def differences(application, plan):
    """Return what Ansible's --diff shows: unit, site, settings of the current release and of this one; edits."""
    current = application.current
    now = application.plan(current) if current else {"settings": {}, "unit_text": "", "site_text": ""}
    pairs = [(kind, now[kind], plan[kind]) for kind in ("unit_text", "site_text")]
    lines = ["".join(f"{name}={value}\n" for name, value in each["settings"].items()) for each in (now, plan)]
    headers = {"unit_text": f"{application.unit}.service", "site_text": "site.conf", "settings": ".env",
               "edited": "edited on the host"}  # fmt: skip
    folder = application.folder(plan["id"])
    found = content.differences(folder) if (folder / content.RECORD).exists() else []
    pairs += [("settings", *lines), ("edited", "".join(f"{each}\n" for each in found), "")]
    return [{"before_header": headers[kind], "after_header": headers[kind], "before": before, "after": after}
            for kind, before, after in pairs if before != after]  # fmt: skip


def check(application, plan):
    """Check the unit and the site."""
    nginx.check(application, plan, plan["site_text"])
    systemd.install(application, plan["id"], plan["unit_text"])


def start(application, plan):
    """Start the release beside the one that runs; leave it as it is where it runs as it is to.

    Returns:
        Whether it was started.

    Raises:
        Failure: it doesn't start.
    """
    unit = application.service(plan["id"])
    keep(application, plan["id"])
    runs = systemd.is_active(unit) and _is_fresh(application, plan["id"])
    if not runs:
        if application.current == plan["id"]:
            _cover(application)
        systemd.systemctl("stop", unit, check=False)
    systemd.systemctl("reset-failed", unit, check=False)  # falls that are past don't count
    if not runs:
        try:
            systemd.systemctl("start", unit)
        except Failure:
            raise Failure(f"{unit} doesn't start") from None
    return not runs


def _is_fresh(application, release):
    try:
        return build.is_fresh(application, release)
    except OSError:
        return False


def _cover(application):
    """Have another good release answer, as Nginx's backup, while the current one is started anew."""
    if other := application.last_good:
        with suppress(Failure, OSError):  # it was to help
            plan = application.plan(other)
            start(application, plan)
            gates.health(application, plan, other)
            application.link("previous", other)


def switch(application, plan, back=False):
    """Give the release the traffic: Nginx finds it by the link, from one moment to the next.

    Args:
        back: from a release that Nginx must not fall back on, whatever Nginx says.

    Raises:
        Failure: Nginx refuses its site; nothing was switched then, unless it was back.
    """
    before, release = application.current, plan["id"]
    text = (application.folder(release) / "site.conf").read_text(encoding="utf-8")
    is_loaded = nginx.is_linked(application, plan) and nginx.is_loaded(application, plan, text)
    if before and before != release and not back:
        application.link("previous", before)
    application.link("current", release)
    if back:
        application.link("previous", release)
    if not is_loaded:
        nginx.link(application, plan)
        try:
            nginx.load(application, plan, text)
        except Failure:
            if before is None:
                nginx.unlink(application, plan)
                (application.root / "current").unlink()
            elif not back:
                application.link("current", before)
                nginx.link(application, application.plan(before))
            raise
    systemd.name_active(application, release)


def sweep(application, plan):
    """Let end what is neither current, nor before it, nor this release: other runs may have been cut off."""
    (application.root / "shared" / "reloading").unlink(missing_ok=True)
    before = application.previous
    is_let_go = systemd.is_active(f"{application.unit}-retire-{before}.timer")
    if not is_let_go and before not in (None, application.current, plan["id"]):
        _retire_later(application, plan, before)
    for release in systemd.units(application):
        drains = systemd.is_active(f"{application.unit}-drain-{release}.timer")
        if not drains and release not in (application.current, application.previous, plan["id"]):
            _stop_later(application, "drain", release, DRAIN_SECONDS)


def retire(application, plan):
    """Let the release before it stop once it needn't be warm, and take away what nobody will go back to."""
    sweep(application, plan)
    if application.previous not in (None, application.current):
        _retire_later(application, plan, application.previous)
    with suppress(OSError):  # what can't be cleared away mustn't cost a good release
        prune(application, plan)


def mark(application, release, verdict, reason=""):
    """Write down what became of a release."""
    if application.folder(release).exists():
        said = {"verdict": verdict, "reason": reason, "at": now()}
        write(application.folder(release) / "verdict.json", json.dumps(said, ensure_ascii=False) + "\n", 0o640)


def stop(application, release):
    """Stop a release that isn't current; its folder stays."""
    if release != application.current:
        systemd.systemctl("stop", application.service(release), check=False)
        systemd.systemctl("reset-failed", application.service(release), check=False)


def keep(application, release):
    """Let a release go on running that was to stop."""
    for kind in ("drain", "retire"):
        for suffix in ("timer", "service"):
            systemd.systemctl("stop", f"{application.unit}-{kind}-{release}.{suffix}", check=False)


def _retire_later(application, plan, release):
    seconds = max(DRAIN_SECONDS, plan["warm_seconds"], plan["watch_seconds"])
    _stop_later(application, "retire", release, seconds)


def _stop_later(application, kind, release, seconds):
    found = systemd.state(application.service(release))["ActiveState"]
    if found == "active":
        systemd.later(application, application.root / "current", f"{kind}-{release}", seconds, "stop", release)
    elif found in ("activating", "failed"):  # it falls again and again
        stop(application, release)


def prune(application, plan):
    """Remove all but the last releases; never the current one, the one before it, the last good one, or this one."""
    releases = application.releases()
    good = [each for each in releases if application.is_good(each) and each != application.current]
    needed = {application.current, application.previous, plan["id"], *releases[-plan["kept"] :], *good[-1:]}
    for release in set(releases) - needed:
        systemd.uninstall(application, release)
        remove(application.folder(release))
    left = application.releases()
    virtualenvs = {(application.folder(each) / ".venv").readlink().parent.name for each in left}
    archives = {Path(application.plan(each)["archive"]).name for each in left}
    for folder, wanted in (("virtualenvs", virtualenvs), ("archives", archives), ("releases", {*left})):
        for entry in (application.root / folder).glob("*"):
            if entry.name not in wanted:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
