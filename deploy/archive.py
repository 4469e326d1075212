"""Packs what the server runs into one archive whose name says its content: the same tree, the same release.

``python -m deploy.archive`` (in ``.venv``) prints ``{"id", "path", "virtualenv", "made"}`` as JSON.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from app.model import TIMINGS
from deploy.bundles import build_all
from deploy.errors import DeployError
from deploy.project import LOCK, PIPENV_LOCK, ROOT, state

CONTENT = ("app", "bundles", "wsgi.py", "Pipfile", "Pipfile.lock", ".env.example")
"""What a release consists of; everything else stays on the operator's machine."""

STATIC = Path("app/static")
"""The part that Nginx serves, and so may read."""

ARCHIVES_KEPT = 5


def main() -> int:
    """Print where the archive of the tree is, after making it where needed."""
    try:
        built = any(build_all().values())
        made, release = pack()
        print(json.dumps(release | {"made": built or made}))
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    return 0


def pack() -> tuple[bool, dict[str, str]]:
    """Write the archive, unless there is one of the same content.

    Returns:
        Whether it was written; of the release: id: 12 hexadecimal digits of the content's SHA-256; path: of the
        archive; virtualenv: the folder under the application's root that the release's ``.venv`` points into, one per
        Pipfile.lock.
    """
    virtualenv = f"virtualenvs/{_hash(LOCK.read_bytes() + PIPENV_LOCK.read_bytes())}"
    files = {name: name.read_bytes() for name in _files()}
    content = b"".join(f"{name.relative_to(ROOT)}\0{len(data)}\0".encode() + data for name, data in files.items()
                       if name.name != TIMINGS)  # fmt: skip
    release = {"id": _hash(Path(__file__).read_bytes() + content), "virtualenv": virtualenv}
    path = state("releases", f"{release['id']}.tar.gz")
    if is_new := not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_bytes(gzip.compress(_tar(release, files), mtime=0))
        partial.rename(path)
        _drop_old(path.parent)
    return is_new, release | {"path": str(path)}


def _files() -> Iterator[Path]:
    for name in CONTENT:
        path = ROOT / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _tar(release: dict[str, str], files: dict[Path, bytes]) -> bytes:
    """release.json comes last: where it is, the release is whole."""
    buffer = io.BytesIO()
    top = Path("releases") / release["id"]
    folders = sorted({parent for file in files for parent in file.relative_to(ROOT).parents})
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, top.parent, type=tarfile.DIRTYPE, mode=0o751)
        for folder in folders:
            _add(tar, top / folder, type=tarfile.DIRTYPE, mode=0o755 if _is_static(folder) else 0o751)
        for file, data in files.items():
            name = file.relative_to(ROOT)
            _add(tar, top / name, data, mode=0o644 if _is_static(name) else 0o640)
        _add(tar, top / ".env", type=tarfile.SYMTYPE, linkname="../../shared/.env")
        _add(tar, top / ".venv", type=tarfile.SYMTYPE, linkname=f"../../{release['virtualenv']}/.venv")
        _add(tar, top / "release.json", json.dumps(release).encode() + b"\n", mode=0o640)
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
