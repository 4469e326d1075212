"""What a release is made of: its folder with code and models, its settings and site, its virtualenv."""

import grp
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from .folders import Failure, point, remove, write
from .record import now

SECRET_CHARACTERS = 64


def prepare(application, plan):
    """Unpack the release beside the others; its folder has its name once it is whole.

    Returns:
        Whether anything that it is started with was changed.
    """
    folder = application.folder(plan["id"])
    if (folder / "plan.json").exists():
        changed = _furnish(application, folder, plan)
    else:
        changed = True
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
    return changed


def _unpack(application, plan, folder):
    folder.mkdir(parents=True)
    _run("tar", "--extract", "--gzip", "--no-same-owner", "--file", plan["archive"], "--directory", str(folder))
    _own(folder, plan["user"])
    (folder / f"{application.unit}.sock").symlink_to(application.socket(plan["id"]))
    write(folder / "release.json", json.dumps({"id": plan["id"]}) + "\n")
    write(folder / "plan.json", json.dumps(plan | {"at": now()}) + "\n", 0o640)
    _furnish(application, folder, plan)
    folder.chmod(0o751)
    os.sync()


def _furnish(application, folder, plan):
    """Give a release its site, virtualenv and settings; return whether one was changed that it is started with."""
    write(folder / "site.conf", plan["site_text"])
    changed = [_has_virtualenv(folder, plan),
               write(folder / ".env", _environment(plan["settings"], _secret(application)), 0o600)]  # fmt: skip
    return any(changed)


def _virtualenv(plan):
    return Path("../..") / plan["virtualenv"] / ".venv"


def _has_virtualenv(folder, plan):
    """Have a release use its virtualenv, of this Debian's Python; return whether it didn't."""
    link = folder / ".venv"
    if link.is_symlink() and link.readlink() == _virtualenv(plan):
        return False
    point(link, _virtualenv(plan))
    return True


def build(application, plan):
    """Make the virtualenv of its Pipfile.lock, or keep the one there is; return whether it was made."""
    folder = application.root / plan["virtualenv"]
    if (folder / "complete").exists():
        return False
    release = application.folder(plan["id"])
    words = (plan["pipenv"], str(release), str(folder), "complete")
    _run("sh", "-c", plan["virtualenv_program"], "virtualenv.sh", *words)
    return True


def is_as_made(application, plan):
    """Return whether a release's settings, site and virtualenv are what they were made.

    Raises:
        OSError: one of them isn't there.
    """
    folder = application.folder(plan["id"])
    return (
        (folder / ".env").read_text(encoding="utf-8") == _environment(plan["settings"], _secret(application))
        and (folder / "site.conf").read_text(encoding="utf-8") == plan["site_text"]
        and (folder / ".venv").readlink() == _virtualenv(plan)
        and (application.root / "shared" / ".env").is_symlink()
    )


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
