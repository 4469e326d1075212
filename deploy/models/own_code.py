"""A person's own modules that a model needs: kept in its folder, packed into one file for sandbox and server."""

import io
import os
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path

from deploy.base.errors import DeployError
from deploy.models.model_folder import CODE_FOLDER
from deploy.models.sandbox.text import visible

LARGEST_BYTES, MOST_FILES = 8 << 20, 1000
OF_THE_SERVER = ("app", "deploy", "puerto", "wsgi")
"""Names that modules of the kit have."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's first moment: the same code is the same file."""


def copy(given: Sequence[Path], folder: Path) -> None:
    """Make a model's folder, with a copy of modules and packages in it.

    Raises:
        DeployError: one is none, or its name is another's.
    """
    folder.mkdir()
    for path in given:
        _require_importable(path)
        target = folder / CODE_FOLDER / path.name
        if target.exists():
            raise DeployError(f"{path}: there are two of that name", "Rename one, in what imports it too.", status=2)
        for name, content in _files(path).items():
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def archive(folder: Path) -> bytes:
    """Return the modules of a model's folder as a ZIP that Python imports from; empty where it has none.

    Raises:
        DeployError: one can't be imported by its name.
    """
    root = folder / CODE_FOLDER
    if not root.is_dir():
        return b""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _modules(root):
            _require_importable(path)
        for name, content in _files(root).items():
            packed.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return buffer.getvalue()


@contextmanager
def packed(folder: Path) -> Iterator[Path | None]:
    """Have the modules of a model's folder in a file, for a sandbox; None where it has none."""
    if not (content := archive(folder)):
        yield None
        return
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "code.zip"
        file.write_bytes(content)
        yield file


def require_distinct(folders: Sequence[Path]) -> None:
    """Check that no two models have different modules of one name: one process serves both.

    Raises:
        DeployError: two have; which.
    """
    owners: dict[str, tuple[Path, dict[str, bytes]]] = {}
    for folder in folders:
        for path in _modules(folder / CODE_FOLDER):
            content = _files(path)
            owner, other = owners.setdefault(path.name.removesuffix(".py"), (path, content))
            if other != content:
                raise DeployError(
                    f"{path}: is another module than {owner}, and one process serves both models",
                    "Give both models the same one, or rename it, in what imports it too, and save the model again.",
                )


def _modules(root: Path) -> list[Path]:
    """Return what can be imported from a folder."""
    entries = sorted(root.iterdir()) if root.is_dir() else []
    return [entry for entry in entries if entry.name.endswith(".py") or (entry.is_dir() and entry.name.isidentifier())]


def _require_importable(path: Path) -> None:
    shown, name = visible(str(path)), path.name.removesuffix(".py")
    if not path.exists():
        raise DeployError(f"{shown}: no such file", status=2)
    if path.suffix == ".ipynb":
        advice = f"Copy its classes and functions, with what they import, into {path.stem}.py, and give that: --code"
        raise DeployError(f"{shown}: is a notebook, not a module", advice, status=2)
    if not name.isidentifier() or not (path.is_dir() or path.suffix == ".py"):
        advice = "Give the file, or the folder, that the model's code imports by name: --code cleaning.py"
        raise DeployError(f"{shown}: is no module of Python", advice, status=2)
    if name in (*sys.stdlib_module_names, *OF_THE_SERVER) or PathFinder.find_spec(name, _packages()):
        advice = "Rename it, in what imports it too, and save the model again."
        raise DeployError(f"{shown}: {name} is the name of a module that is installed", advice, status=2)


def _packages() -> list[str]:
    """Return where packages are installed."""
    return [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]


def _files(path: Path) -> dict[str, bytes]:
    """Return a module's file, or all files of a package: name within it → content.

    Raises:
        DeployError: there are too many, they are too large, or a link in the package leads out of it.
    """
    paths = [path] if path.is_file() else sorted(path.rglob("*"))
    paths = [file for file in paths if not _is_hidden(file.relative_to(path))]
    home = os.path.realpath(path)
    if abroad := next((file for file in paths if not Path(os.path.realpath(file)).is_relative_to(home)), None):
        reason = f"{visible(str(abroad))}: is a link that leads out of {visible(path.name)}, and would be copied"
        raise DeployError(reason, "Put what the model needs in its place, or remove the link.", status=2)
    files = [file for file in paths if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    if len(files) > MOST_FILES or size > LARGEST_BYTES:
        figures = f"{len(files):,} files of {size / 2**20:.1f} MiB"
        most = f"at most {MOST_FILES:,} and {LARGEST_BYTES >> 20} MiB go with a model"
        raise DeployError(f"{visible(str(path))}: has {figures}; {most}", "Give only the modules that it needs.")
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in name.parts)
