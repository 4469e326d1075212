"""Packs what the server runs into one archive, named after its content: the same tree is the same release.

``python -m deploy.release.archive`` prints ``{"content", "path", "virtualenv", "manifest", "made"}`` as JSON.
"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from app.model import FILES, MANIFEST, TIMINGS
from app.own_code import CODE
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, KIT, LOCK, PIPENV_LOCK, SITE, state
from deploy.models.builder import build_locked, models_locked

CONTENT = ("app", "bundles", "wsgi.py", "Pipfile", "Pipfile.lock", ".env.example")
"""What a release consists of: files of the kit, and the site's bundles; all else stays on the operator's machine."""

PROGRAM = Path("ansible/module_utils")
"""What systemd and people run on the host beside the application: ``puerto`` in the release."""

STATIC = Path("app/static")
"""The part that Nginx serves, and so must be able to read."""

ARCHIVES_KEPT = 5


def main() -> int:
    """Print where the archive of the tree is, after building the models and packing it if needed."""
    try:
        with models_locked():  # until it is packed: another run would remove the bundles that it builds again
            built = any(build_locked().values())
            packed, release = pack()
        print(json.dumps(release | {"made": built or packed}))
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    return 0


def pack() -> tuple[bool, dict[str, Any]]:
    """Write the archive, unless there is one of the same content.

    Returns:
        Whether it was written; the release: content: 12 hexadecimal digits of its files' SHA-256; path: of the
        archive; virtualenv: the folder under the application's root for its packages, one per Pipfile.lock; manifest:
        its commit and its models.
    """
    files = {name: path.read_bytes() for name, path in _files().items()}
    content = _hash(Path(__file__).read_bytes() + _content(files))
    path = state("releases", f"{content}.tar.gz")
    if is_new := not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_bytes(gzip.compress(_tar(files), compresslevel=6, mtime=0))
        partial.rename(path)
        _drop_old(path.parent)
    virtualenv = f"virtualenvs/{_hash(LOCK.read_bytes() + PIPENV_LOCK.read_bytes())}"
    return is_new, {"content": content, "path": str(path), "virtualenv": virtualenv, "manifest": _manifest()}


def _content(files: dict[Path, bytes]) -> bytes:
    """Return all files' names and data; the timings, which differ between builds of the same model, left out."""
    contents = ((name, data) for name, data in files.items() if name.name != TIMINGS)
    return b"".join(f"{name}\0{len(data)}\0".encode() + data for name, data in contents)


def _manifest() -> dict[str, Any]:
    """Return where the release comes from: commit, or "" if that is unknown; uncommitted changes, lock, models."""
    is_tracked = _git("ls-files", "wsgi.py") == "wsgi.py"  # a ZIP's files may lie in somebody else's repository
    commit, changes = (_git("rev-parse", "HEAD"), _git("status", "--porcelain", ".")) if is_tracked else ("", "")
    files = sorted(BUNDLES.glob("*/model.json"))
    models = {file.parent.name: json.loads(file.read_bytes())["version"] for file in files}
    return {"commit": commit, "dirty": bool(changes), "lock": _hash(LOCK.read_bytes()), "models": models}


def _git(*arguments: str) -> str:
    """Return git's output; empty if the tree isn't in a repository, or there is no git.

    git refuses the repository of another user, whose settings could run programs; this tree's programs run anyway.
    """
    command = ["git", "-c", "safe.directory=*", *arguments]
    try:
        return subprocess.run(command, cwd=KIT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def _files() -> dict[Path, Path]:
    """Return the release's files: name in the release → path here."""
    files = {}
    for name in (*map(Path, CONTENT), PROGRAM):
        root = SITE if name.name == BUNDLES.name else KIT
        path = root / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and _is_content(file, root):
                files[file.relative_to(path if name == PROGRAM else root)] = file
    return files


def _is_content(file: Path, root: Path) -> bool:
    """Return whether a file belongs in the release: among the bundles there may be files of somebody's own.

    Raises:
        DeployError: it is a link that leads out of the project.
    """
    if not file.resolve().is_relative_to(root):
        reason = f"{file.relative_to(root)}: can't be released: it is a link that leads out of the project, to "
        raise DeployError(f"{reason}{file.resolve()}", "Put the file itself there, or remove the link.")
    if not file.is_relative_to(BUNDLES):
        return True
    return file.parent.parent == BUNDLES and file.name in (CODE, MANIFEST, TIMINGS, *FILES.values())


def _tar(files: dict[Path, bytes]) -> bytes:
    buffer = io.BytesIO()
    folders = sorted({parent for name in files for parent in name.parents if parent.name})
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in folders:
            _add(tar, folder, type=tarfile.DIRTYPE, mode=0o755 if _is_static(folder) else 0o751)
        for name, data in files.items():
            _add(tar, name, data, mode=0o644 if _is_static(name) else 0o640)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: Path, data: bytes = b"", **properties: object) -> None:
    member = tarfile.TarInfo(str(name))
    member.size = len(data)
    for key, value in properties.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(data))


def _is_static(name: Path) -> bool:
    return name == STATIC or STATIC in name.parents


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _drop_old(folder: Path) -> None:
    for archive in sorted(folder.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)[:-ARCHIVES_KEPT]:
        archive.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
