"""The steps of a release: prepare, build, check, start, prove, switch, verify, retire. Each can be repeated."""

import grp
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from . import gates, nginx, systemd
from .folders import Failure, point, remove, write
from .record import now

NAMES = ("prepare", "build", "check", "start", "prove", "switch", "verify", "retire")
DRAIN_SECONDS = 10
"""Until nothing of Nginx is connected to a release that isn't current: it keeps idle connections for 5 s."""

SECRET_CHARACTERS = 64


def identified(plan):
    """Return a plan with its release's id: 12 hexadecimal digits of all that makes it what it is on this host."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    said = {key: plan[key] for key in ("content", "settings", "unit_text", "site_text")}
    number = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    return plan | {"id": number, "virtualenv": f"{plan['virtualenv']}-{python}"}


def is_done(application, plan):
    """Return whether the release is current, unharmed and as it was made."""
    release = plan["id"]
    unit = application.folder(release)
    try:
        return (
            application.current == release
            and application.verdict(release).get("verdict") == "good"
            and systemd.is_installed(application, release, plan["unit_text"])
            and systemd.is_active(application.service(release))
            and _environment(plan["settings"], _secret(application)) == (unit / ".env").read_text(encoding="utf-8")
            and (unit / "site.conf").read_text(encoding="utf-8") == plan["site_text"]
            and (unit / ".venv").readlink() == _virtualenv(plan)
            and (application.root / "shared" / ".env").is_symlink()
            and nginx.is_linked(application, plan)
            and nginx.is_loaded(application, plan, plan["site_text"])
            and bool(gates.verify(application, plan, release))
        )
    except (Failure, OSError):
        return False


def differences(application, plan):
    """Return what Ansible's --diff shows: unit, site and settings of the current release and of this one."""
    current = application.current
    now = application.plan(current) if current else {"settings": {}, "unit_text": "", "site_text": ""}
    pairs = [(kind, now[kind], plan[kind]) for kind in ("unit_text", "site_text")]
    lines = ["".join(f"{name}={value}\n" for name, value in each["settings"].items()) for each in (now, plan)]
    headers = {"unit_text": f"{application.unit}.service", "site_text": "site.conf", "settings": ".env"}
    return [{"before_header": headers[kind], "after_header": headers[kind], "before": before, "after": after}
            for kind, before, after in [*pairs, ("settings", *lines)] if before != after]  # fmt: skip


def prepare(application, plan):
    """Unpack the release beside the others; its folder has its name once it is whole."""
    release = plan["id"]
    folder = application.folder(release)
    secret = _secret(application)
    if not (folder / "plan.json").exists():
        partial = folder.with_name(f".{release}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o751)
        _run("tar", "--extract", "--gzip", "--no-same-owner", "--file", plan["archive"], "--directory", str(partial))
        _own(partial, plan["user"])
        (partial / f"{application.unit}.sock").symlink_to(application.socket(release))
        write(partial / "release.json", json.dumps({"id": release}) + "\n")
        write(partial / "plan.json", json.dumps(plan | {"at": now()}) + "\n", 0o640)
        os.sync()
        partial.chmod(0o751)
        remove(folder)  # not whole: nobody but a person leaves one so
        partial.rename(folder)
    changed = [_has_virtualenv(folder, plan), write(folder / ".env", _environment(plan["settings"], secret), 0o600),
               write(folder / "site.conf", plan["site_text"])]  # fmt: skip
    point(application.root / "shared" / ".env", "../current/.env")
    return any(changed)


def _virtualenv(plan):
    return Path("../..") / plan["virtualenv"] / ".venv"


def _has_virtualenv(folder, plan):
    """Have a release use the virtualenv of the host's Python, which an upgrade of Debian changes."""
    link = folder / ".venv"
    if link.is_symlink() and link.readlink() == _virtualenv(plan):
        return False
    point(link, _virtualenv(plan))
    return True


def build(application, plan):
    """Make the virtualenv of its Pipfile.lock, or keep the one there is."""
    folder = application.root / plan["virtualenv"]
    if (folder / "complete").exists():
        return
    release = application.folder(plan["id"])
    _run(
        "sh",
        "-c",
        plan["virtualenv_program"],
        "virtualenv.sh",
        plan["pipenv"],
        str(release),
        str(folder),
        plan["user"],
        "complete",
    )


def check(application, plan):
    """Check the unit and the site."""
    nginx.check(application, plan, plan["site_text"])
    return systemd.install(application, plan["id"], plan["unit_text"])


def start(application, plan, anew=False):
    """Start the release beside the one that runs.

    Raises:
        Failure: it doesn't start; with the last lines it wrote.
    """
    release = plan["id"]
    unit = application.service(release)
    if systemd.is_active(unit) and not anew and application.current == release:
        return
    keep(application, release)
    if not systemd.is_active(unit) or anew or systemd.state(unit)["NRestarts"] != "0":
        systemd.systemctl("stop", unit, check=False)
        systemd.systemctl("reset-failed", unit, check=False)
        try:
            systemd.systemctl("start", unit)
        except Failure:
            raise Failure(f"{unit} doesn't start") from None


def switch(application, plan, back=False):
    """Give the release the traffic: Nginx finds it by the link, from one moment to the next.

    Args:
        back: from a release that Nginx must not fall back on.

    Raises:
        Failure: Nginx refuses its site; nothing was switched then.
    """
    before, release = application.current, plan["id"]
    if before and before != release:
        application.link("previous", release if back else before)
    application.link("current", release)
    text = (application.folder(release) / "site.conf").read_text(encoding="utf-8")
    if not (nginx.is_linked(application, plan) and nginx.is_loaded(application, plan, text)):
        nginx.link(application, plan)
        try:
            nginx.load(application, plan, text)
        except Failure:
            if before:
                application.link("current", before)
            else:
                (application.root / "current").unlink()
            raise
    systemd.name_active(application, release)


def sweep(application, plan):
    """Let end what is neither current, nor before it, nor this release: other runs may have been cut off."""
    (application.root / "shared" / "reloading").unlink(missing_ok=True)
    for release in systemd.units(application):
        drains = systemd.is_active(f"{application.unit}-drain-{release}.timer")
        if not drains and release not in (application.current, application.previous, plan["id"]):
            _stop_later(application, "drain", release, DRAIN_SECONDS)


def retire(application, plan):
    """Let the release before it stop once it needn't be warm, and take away what nobody will go back to."""
    sweep(application, plan)
    if application.previous and application.previous != application.current:
        _stop_later(application, "retire", application.previous, max(DRAIN_SECONDS, plan["warm_seconds"]))
    _prune(application, plan["kept"])


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
        systemd.systemctl("stop", f"{application.unit}-{kind}-{release}.timer", check=False)


def _stop_later(application, kind, release, seconds):
    found = systemd.state(application.service(release))["ActiveState"]
    if found == "active":
        systemd.later(application, application.root / "current", f"{kind}-{release}", seconds, "stop", release)
    elif found != "inactive":  # it falls again and again
        stop(application, release)


def _prune(application, kept):
    """Remove all but the last releases; never the current one, the one before it, or the last good one."""
    releases = application.releases()
    good = [
        each for each in releases if application.verdict(each).get("verdict") == "good" and each != application.current
    ]
    needed = {application.current, application.previous, *releases[-kept:], *good[-1:]}
    for release in set(releases) - needed:
        systemd.uninstall(application, release)
        remove(application.folder(release))
    wanted = {(application.folder(each) / ".venv").readlink().parent.name for each in application.releases()}
    for folder in (application.root / "virtualenvs").glob("*"):
        if folder.name not in wanted:
            shutil.rmtree(folder)
    for left in (application.root / "releases").glob(".*"):
        shutil.rmtree(left)


def _secret(application):
    """Return the key that sessions are signed with: the one there is, else a new one."""
    file = application.root / "shared" / ".env"
    if file.exists():
        found = [
            line.partition("=")[2]
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.startswith("SECRET_KEY=")
        ]
        if found and len(found[0]) >= SECRET_CHARACTERS // 2:
            return found[0]
    return secrets.token_hex(SECRET_CHARACTERS // 2)


def _environment(settings, secret):
    lines = [f"{name}={value}" for name, value in (settings | {"SECRET_KEY": secret}).items()]
    return "\n".join(["# Puerto wrote this file. What each setting means: .env.example", *lines]) + "\n"


def _own(folder, user):
    group = grp.getgrnam(user).gr_gid
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, group, follow_symlinks=False)


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failure((done.stderr or done.stdout).strip()[-1500:])
