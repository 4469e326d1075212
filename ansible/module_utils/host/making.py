"""What a release is made of: its folder with code and models, its settings and site, its virtualenv."""

import grp
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from .folders import UNITS, Failure, point, remove, write
from .record import now

SECRET_CHARACTERS = 64


def prepare(application, plan):
    """Unpack the release beside the others; its folder has its name once it is whole."""
    folder = application.folder(plan["id"])
    if (folder / "plan.json").exists():
        _furnish(application, folder, plan)
    else:
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            _unpack(application, plan, partial)
        except BaseException:  # a full disk goes on being full for visitors too
            shutil.rmtree(partial, ignore_errors=True)
            raise
        remove(folder)  # not whole: nobody but a person leaves one so
        partial.rename(folder)
    point(application.root / "shared" / ".env", "../current/.env")


def _unpack(application, plan, folder):
    folder.mkdir(parents=True)
    _run("tar", "--extract", "--gzip", "--no-same-owner", "--file", plan["archive"], "--directory", str(folder))
    _own(folder, plan["user"])
    (folder / f"{application.unit}.sock").symlink_to(application.socket(plan["id"]))
    write(folder / "release.json", json.dumps({"id": plan["id"]}) + "\n")
    write(folder / "plan.json", json.dumps(plan | {"at": now()}) + "\n", 0o640)
    _furnish(application, folder, plan)
    point(folder / ".venv", _virtualenv(plan))
    folder.chmod(0o751)
    os.sync()


def _furnish(application, folder, plan):
    """Give a release its settings and its site."""
    write(folder / "site.conf", plan["site_text"])
    write(folder / ".env", _environment(plan["settings"], _secret(application)), 0o600)


def _virtualenv(plan):
    return Path("../..") / plan["virtualenv"] / ".venv"


def build(application, plan):
    """Make the virtualenv of its Pipfile.lock, or keep the one there is; only then have the release use it."""
    release, folder = application.folder(plan["id"]), application.root / plan["virtualenv"]
    if not (folder / "complete").exists():
        words = (plan["pipenv"], str(release), str(folder), "complete")
        _run("sh", "-c", plan["virtualenv_program"], "virtualenv.sh", *words)
    link = release / ".venv"
    if not link.is_symlink() or link.readlink() != _virtualenv(plan):  # another Debian has another Python
        point(link, _virtualenv(plan))


def is_as_made(application, plan):
    """Return whether a release's settings, site and virtualenv are what they were made, and its process is newer.

    Raises:
        OSError: one of them isn't there.
    """
    folder = application.folder(plan["id"])
    return (
        (folder / ".env").read_text(encoding="utf-8") == _environment(plan["settings"], _secret(application))
        and (folder / "site.conf").read_text(encoding="utf-8") == plan["site_text"]
        and (folder / ".venv").readlink() == _virtualenv(plan)
        and (application.root / "shared" / ".env").is_symlink()
        and is_fresh(application, plan["id"])
    )


def is_fresh(application, release):
    """Return whether a release was started with what its settings, unit and virtualenv are now.

    Raises:
        OSError: one of them isn't there.
    """
    folder, unit = application.folder(release), UNITS / application.service(release)
    made_of = (folder / ".env", folder / ".venv", folder / ".venv" / ".." / "complete", unit)
    return max(path.lstat().st_mtime_ns for path in made_of) <= application.socket(release).stat().st_mtime_ns


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
