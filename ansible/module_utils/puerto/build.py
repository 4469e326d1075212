"""A release's folder: code and models from the archive, settings, site; it is made, or restored if it was edited."""

import grp
import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import content, nginx, virtualenv
from .errors import HostError
from .files import clear, remove, replace_symlink, write
from .history import now
from .layout import UNITS, Application
from .plan import Plan

SECRET_CHARACTERS = 64


def prepare(application: Application, plan: Plan) -> list[str]:
    """Unpack the release beside the others; its folder gets its name once it is complete.

    Returns:
        The edits on the host since it was made, a sentence each, which are undone.
    """
    folder = application.folder(plan.id)
    edits = []
    if (folder / "plan.json").exists():
        edits = restore(application, plan)
    else:
        with _unpacked(application, plan) as unpacked:
            remove(folder)  # it is incomplete: only a person can have left it so
            unpacked.rename(folder)
    replace_symlink(application.root / "shared" / ".env", "../current/.env")
    return edits


def restore(application: Application, plan: Plan) -> list[str]:
    """Undo the edits of a release's folder; return them, a sentence each."""
    folder = application.folder(plan.id)
    if edits := content.differences(folder):
        with _unpacked(application, plan) as unpacked:
            replace_content(folder, unpacked)
    return edits


def matches_plan(application: Application, plan: Plan) -> bool:
    """Return whether a release and its virtualenv are as they were made, and its process is newer.

    Raises:
        OSError: one of them doesn't exist.
    """
    folder = application.folder(plan.id)
    return bool(
        virtualenv.is_intact(application, plan)
        and not content.differences(folder)
        and (folder / ".env").read_text(encoding="utf-8") == env_text(plan.settings, _secret(application))
        and (application.root / "shared" / ".env").is_symlink()
        and is_up_to_date(application, plan.id)
    )


def is_up_to_date(application: Application, release: str) -> bool:
    """Return whether a release was started with its files, settings, unit and virtualenv as they are now.

    Raises:
        OSError: one of them doesn't exist.
    """
    folder, unit = application.folder(release), UNITS / application.service(release)
    sources = (folder / "plan.json", folder / ".env", folder / ".venv", folder / ".venv" / ".." / "complete", unit)
    return max(path.lstat().st_mtime_ns for path in sources) <= application.socket(release).stat().st_mtime_ns


@contextmanager
def _unpacked(application: Application, plan: Plan) -> Iterator[Path]:
    """Make a release's folder under another name; it is removed after the block, unless the block has moved it."""
    partial = application.folder(f".{plan.id}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _unpack(application, plan, partial)
        yield partial
    finally:  # a disk that we have filled would stay full, for visitors too
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(application: Application, plan: Plan, folder: Path) -> None:
    folder.mkdir(parents=True)
    command = ["tar", "--extract", "--gzip", "--no-same-owner", "--file", plan.archive, "--directory", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        raise HostError((result.stderr or result.stdout).strip()[-1500:])
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
    write(folder / "site.conf", nginx.for_host(plan.site_text))
    write(folder / ".env", env_text(plan.settings, _secret(application)), 0o600)
    replace_symlink(folder / ".venv", virtualenv.link_target(plan.virtualenv))


def replace_content(folder: Path, source: Path) -> None:
    """Give a folder the content of another: path by path, each atomically, since visitors are being served from it."""
    expected, present = content.entries(source), content.entries(folder)
    for name in sorted(present.keys() - expected.keys(), reverse=True):
        clear(folder / name)
    for name, entry in sorted(expected.items()):
        if present.get(name) != entry:
            _replace(folder / name, source / name)
    for cache in list(folder.rglob(content.CACHE)):
        clear(cache)
    (source / content.RECORD).rename(folder / content.RECORD)
    os.sync()


def env_text(settings: Mapping[str, str], secret: str) -> str:
    """Return the text of a release's .env: its settings, then the key that signs sessions."""
    lines = [f"{name}={value}" for name, value in {**settings, "SECRET_KEY": secret}.items()]
    return "\n".join(["# Puerto wrote this file. What each setting means: .env.example", *lines]) + "\n"


def _replace(path: Path, source: Path) -> None:
    is_folder = source.is_dir() and not source.is_symlink()
    if path.is_symlink() == is_folder or path.is_dir() != is_folder:
        clear(path)
    if not is_folder:
        source.rename(path)
        return
    path.mkdir(exist_ok=True)
    metadata = source.stat()
    path.chmod(stat.S_IMODE(metadata.st_mode))
    os.chown(path, metadata.st_uid, metadata.st_gid)


def _secret(application: Application) -> str:
    """Return the key that signs sessions: the existing one, else a new one."""
    file = application.root / "shared" / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    keys = [line.partition("=")[2] for line in lines if line.startswith("SECRET_KEY=")]
    if keys and len(keys[0]) >= SECRET_CHARACTERS // 2:
        return keys[0]
    return secrets.token_hex(SECRET_CHARACTERS // 2)
