"""What a release is made of: its folder with code and models, its settings and site, its virtualenv."""

import grp
import json
import os
import secrets
import shutil
import stat
import subprocess
from contextlib import contextmanager
from pathlib import Path

from . import content
from .layout import UNITS, Failure, point, remove, write
from .lock import now

SECRET_CHARACTERS = 64


def prepare(application, plan):
    """Unpack the release beside the others; its folder has its name once it is whole.

    Returns:
        What was edited on the host since it was made, in words, and is now as it was.
    """
    folder = application.folder(plan["id"])
    if (folder / "plan.json").exists():
        edited = mend(application, plan)
    else:
        edited = []
        with _unpacked(application, plan) as made:
            remove(folder)  # not whole: nobody but a person leaves one so
            made.rename(folder)
    point(application.root / "shared" / ".env", "../current/.env")
    return edited


def mend(application, plan):
    """Make a release's folder again what it was; return what was otherwise, in words."""
    folder = application.folder(plan["id"])
    if edited := content.differences(folder):
        with _unpacked(application, plan) as made:
            _take_over(folder, made)
    return edited


@contextmanager
def _unpacked(application, plan):
    """Make a release's folder beside its place; what the block leaves of it is removed."""
    partial = application.folder(f".{plan['id']}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _unpack(application, plan, partial)
        yield partial
    finally:  # a full disk goes on being full for visitors too
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(application, plan, folder):
    folder.mkdir(parents=True)
    _run("tar", "--extract", "--gzip", "--no-same-owner", "--file", plan["archive"], "--directory", str(folder))
    _own(folder, plan["user"])
    (folder / f"{application.unit}.sock").symlink_to(application.socket(plan["id"]))
    write(folder / "release.json", json.dumps({"id": plan["id"]}) + "\n")
    write(folder / "plan.json", json.dumps(plan | {"at": now()}) + "\n", 0o640)
    write(folder / "site.conf", plan["site_text"])
    write(folder / ".env", _environment(plan["settings"], _secret(application)), 0o600)
    point(folder / ".venv", _link(plan["virtualenv"]))
    folder.chmod(0o751)
    _write_record(folder)
    os.sync()


def _write_record(folder):
    write(folder / content.RECORD, json.dumps(content.record(folder), indent=1, ensure_ascii=False) + "\n", 0o600)


def _take_over(folder, made):
    """Give a folder what lies in another: one thing after the other, and each at once, since visitors are served."""
    wanted, found = content.record(made), content.record(folder)
    for name in sorted(found.keys() - wanted.keys(), reverse=True):
        _clear(folder / name)
    for name, entry in sorted(wanted.items()):
        if found.get(name) != entry:
            _replace(folder / name, made / name)
    for cache in list(folder.rglob(content.CACHE)):
        _clear(cache)
    (made / content.RECORD).rename(folder / content.RECORD)
    os.sync()


def _replace(path, made):
    is_folder = made.is_dir() and not made.is_symlink()
    if path.is_symlink() == is_folder or path.is_dir() != is_folder:
        _clear(path)
    if not is_folder:
        made.rename(path)
        return
    path.mkdir(exist_ok=True)
    status = made.stat()
    path.chmod(stat.S_IMODE(status.st_mode))
    os.chown(path, status.st_uid, status.st_gid)


def _clear(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link(virtualenv):
    return Path("../..") / virtualenv / ".venv"


def build(application, plan):
    """Make the virtualenv of its Pipfile.lock, or keep the one there is; only then have the release use it.

    One that was edited on the host stays, since what runs goes on importing from it; another is made beside it.
    """
    release, names = application.folder(plan["id"]), _virtualenvs(plan)
    leads_to = (release / ".venv").readlink() if (release / ".venv").is_symlink() else None
    name = next((each for each in names if _is_whole(application.root / each)), "")
    if not name:
        name = next(each for each in names if _link(each) != leads_to or not _is_complete(application.root / each))
        words = (plan["pipenv"], str(release), str(application.root / name), "complete")
        _run("sh", "-c", plan["virtualenv_program"], "virtualenv.sh", *words)
    if not (application.root / name / content.RECORD).exists():  # it is new, or of the time when there was none
        _write_record(application.root / name)
    if leads_to != _link(name):
        point(release / ".venv", _link(name))  # another Debian has another Python


def _virtualenvs(plan):
    """Return the folders that the virtualenv of a plan may be in."""
    return plan["virtualenv"], f"{plan['virtualenv']}-again"


def _is_whole(folder):
    """Return whether a virtualenv is as it was made; one of the time when that wasn't written down is believed."""
    is_compared = (folder / content.RECORD).exists()
    return _is_complete(folder) and not (is_compared and content.differences(folder, reads_all=False))


def _is_complete(folder):
    return (folder / "complete").exists()


def is_as_made(application, plan):
    """Return whether a release and its virtualenv are what they were made, and its process is newer.

    Raises:
        OSError: one of them isn't there.
    """
    folder = application.folder(plan["id"])
    leads_to = (folder / ".venv").readlink()
    virtualenv = next((each for each in _virtualenvs(plan) if _link(each) == leads_to), "")
    return bool(
        virtualenv
        and not content.differences(folder)
        and (folder / ".env").read_text(encoding="utf-8") == _environment(plan["settings"], _secret(application))
        and _is_whole(application.root / virtualenv)
        and (application.root / "shared" / ".env").is_symlink()
        and is_fresh(application, plan["id"])
    )


def is_fresh(application, release):
    """Return whether a release was started with what its files, settings, unit and virtualenv are now.

    Raises:
        OSError: one of them isn't there.
    """
    folder, unit = application.folder(release), UNITS / application.service(release)
    made_of = (folder / "plan.json", folder / ".env", folder / ".venv", folder / ".venv" / ".." / "complete", unit)
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
