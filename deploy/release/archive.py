"""Packs what the server runs into one archive whose name says its content: the same tree, the same release.

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
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, KIT, LOCK, PIPENV_LOCK, SITE, state
from deploy.models.builder import build_locked, models_locked

CONTENT = ("app", "bundles", "wsgi.py", "Pipfile", "Pipfile.lock", ".env.example")
"""What a release consists of: the kit's, and the site's bundles; everything else stays on the operator's machine."""

PROGRAM = Path("ansible/module_utils")
"""What runs beside the application, by systemd and by people on the host: ``puerto`` in the release."""

STATIC = Path("app/static")
"""The part that Nginx serves, and so may read."""

ARCHIVES_KEPT = 5


def main() -> int:
    """Print where the archive of the tree is, after making it where needed."""
    try:
        with models_locked():  # until it is packed: another run would take away the bundles that it makes anew
            built = any(build_locked().values())
            made, release = pack()
        print(json.dumps(release | {"made": built or made}))
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    return 0


def pack() -> tuple[bool, dict[str, Any]]:
    """Write the archive, unless there is one of the same content.

    Returns:
        Whether it was written; of the release: content: 12 hexadecimal digits of its files' SHA-256; path: of the
        archive; virtualenv: the folder under the application's root for its packages, one per Pipfile.lock; manifest:
        of which commit, with which models.
    """
    files = {name: path.read_bytes() for name, path in _files().items()}
    content = b"".join(f"{name}\0{len(data)}\0".encode() + data for name, data in files.items()
                       if name.name != TIMINGS)  # fmt: skip
    number = _hash(Path(__file__).read_bytes() + content)
    path = state("releases", f"{number}.tar.gz")
    if is_new := not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_bytes(gzip.compress(_tar(files), compresslevel=6, mtime=0))
        partial.rename(path)
        _drop_old(path.parent)
    virtualenv = f"virtualenvs/{_hash(LOCK.read_bytes() + PIPENV_LOCK.read_bytes())}"
    return is_new, {"content": number, "path": str(path), "virtualenv": virtualenv, "manifest": _manifest()}


def _manifest() -> dict[str, Any]:
    """Say where the release comes from: commit, whether the tree had changes beside it, lock, models."""
    commit, changes = (_git(*words) for words in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    models = {file.parent.name: json.loads(file.read_bytes())["version"]
              for file in sorted(BUNDLES.glob("*/model.json"))}  # fmt: skip
    return {"commit": commit, "dirty": bool(changes), "lock": _hash(LOCK.read_bytes()), "models": models}


def _git(*words: str) -> str:
    """Return what git says; nothing where the tree is none of git's."""
    try:
        return subprocess.run(["git", *words], cwd=KIT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def _files() -> dict[Path, Path]:
    """Return the release's files: each one's name in the release → where it is."""
    found = {}
    for name in (*map(Path, CONTENT), PROGRAM):
        root = SITE if name.name == BUNDLES.name else KIT
        path = root / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and _is_content(file, root):
                found[file.relative_to(path if name == PROGRAM else root)] = file
    return found


def _is_content(file: Path, root: Path) -> bool:
    """Return whether a file is to be in the release: beside the bundles there may be somebody's own.

    Raises:
        DeployError: it is a link to what isn't this project's.
    """
    if not file.resolve().is_relative_to(root):
        reason = f"{file.relative_to(root)}: would be released, and leads out of the project, to {file.resolve()}"
        raise DeployError(reason, "Put the file itself there, or take the link away.")
    if not file.is_relative_to(BUNDLES):
        return True
    return file.parent.parent == BUNDLES and file.name in (MANIFEST, TIMINGS, *FILES.values())


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
    for old in sorted(folder.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)[:-ARCHIVES_KEPT]:
        old.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
