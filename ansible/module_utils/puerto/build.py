"""A release's folder: code and models from the archive, settings, site; made, or given back what it had."""

import grp
import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import content, virtualenv
from .errors import HostError
from .files import clear, remove, replace_symlink, write
from .history import now
from .layout import UNITS, Application
from .plan import Plan

SECRET_CHARACTERS = 64


def prepare(application: Application, plan: Plan) -> list[str]:
    """Unpack the release beside the others; its folder has its name once it is whole.

    Returns:
        What was edited on the host since it was made, in words, and is now as it was.
    """
    folder = application.folder(plan.id)
    edits = []
    if (folder / "plan.json").exists():
        edits = mend(application, plan)
    else:
        with _unpacked(application, plan) as unpacked:
            remove(folder)  # not whole: nobody but a person leaves one so
            unpacked.rename(folder)
    replace_symlink(application.root / "shared" / ".env", "../current/.env")
    return edits


def mend(application: Application, plan: Plan) -> list[str]:
    """Make a release's folder again what it was; return what was otherwise, in words."""
    folder = application.folder(plan.id)
    if edits := content.differences(folder):
        with _unpacked(application, plan) as unpacked:
            take_over(folder, unpacked)
    return edits


def matches_plan(application: Application, plan: Plan) -> bool:
    """Return whether a release and its virtualenv are what they were made, and its process is newer.

    Raises:
        OSError: one of them isn't there.
    """
    folder = application.folder(plan.id)
    return bool(
        virtualenv.is_whole(application, plan)
        and not content.differences(folder)
        and (folder / ".env").read_text(encoding="utf-8") == _environment(plan.settings, _secret(application))
        and (application.root / "shared" / ".env").is_symlink()
        and is_up_to_date(application, plan.id)
    )


def is_up_to_date(application: Application, release: str) -> bool:
    """Return whether a release was started with what its files, settings, unit and virtualenv are now.

    Raises:
        OSError: one of them isn't there.
    """
    folder, unit = application.folder(release), UNITS / application.service(release)
    sources = (folder / "plan.json", folder / ".env", folder / ".venv", folder / ".venv" / ".." / "complete", unit)
    return max(path.lstat().st_mtime_ns for path in sources) <= application.socket(release).stat().st_mtime_ns


@contextmanager
def _unpacked(application: Application, plan: Plan) -> Iterator[Path]:
    """Make a release's folder beside its place; what the block leaves of it is removed."""
    partial = application.folder(f".{plan.id}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _unpack(application, plan, partial)
        yield partial
    finally:  # a full disk goes on being full for visitors too
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(application: Application, plan: Plan, folder: Path) -> None:
    folder.mkdir(parents=True)
    command = ["tar", "--extract", "--gzip", "--no-same-owner", "--file", plan.archive, "--directory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise HostError((done.stderr or done.stdout).strip()[-1500:])
    group = grp.getgrnam(plan.user).gr_gid
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, group, follow_symlinks=False)
    _write_config(application, plan, folder)
    folder.chmod(0o751)
    content.write_record(folder)
    os.sync()


def _write_config(application: Application, plan: Plan, folder: Path) -> None:
    (folder / f"{application.unit}.sock").symlink_to(application.socket(plan.id))
    write(folder / "release.json", f'{{"id": "{plan.id}"}}\n')
    write(folder / "plan.json", plan.as_json(now()), 0o640)
    write(folder / "site.conf", plan.site_text)
    write(folder / ".env", _environment(plan.settings, _secret(application)), 0o600)
    replace_symlink(folder / ".venv", virtualenv.link(plan.virtualenv))


def take_over(folder: Path, other: Path) -> None:
    """Give a folder what lies in another: one thing after the other, and each at once, since visitors are served."""
    wanted, present = content.entries(other), content.entries(folder)
    for name in sorted(present.keys() - wanted.keys(), reverse=True):
        clear(folder / name)
    for name, entry in sorted(wanted.items()):
        if present.get(name) != entry:
            _replace(folder / name, other / name)
    for cache in list(folder.rglob(content.CACHE)):
        clear(cache)
    (other / content.RECORD).rename(folder / content.RECORD)
    os.sync()


def _replace(path: Path, other: Path) -> None:
    is_folder = other.is_dir() and not other.is_symlink()
    if path.is_symlink() == is_folder or path.is_dir() != is_folder:
        clear(path)
    if not is_folder:
        other.rename(path)
        return
    path.mkdir(exist_ok=True)
    status = other.stat()
    path.chmod(stat.S_IMODE(status.st_mode))
    os.chown(path, status.st_uid, status.st_gid)


def _secret(application: Application) -> str:
    """Return the key that sessions are signed with: the one there is, else a new one."""
    file = application.root / "shared" / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    keys = [line.partition("=")[2] for line in lines if line.startswith("SECRET_KEY=")]
    if keys and len(keys[0]) >= SECRET_CHARACTERS // 2:
        return keys[0]
    return secrets.token_hex(SECRET_CHARACTERS // 2)


def _environment(settings: Mapping[str, str], secret: str) -> str:
    lines = [f"{name}={value}" for name, value in {**settings, "SECRET_KEY": secret}.items()]
    return "\n".join(["# Puerto wrote this file. What each setting means: .env.example", *lines]) + "\n"
