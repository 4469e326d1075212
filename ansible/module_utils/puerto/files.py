"""Files, links and folders, of which none is ever half there."""

import os
import shutil
import tempfile
from pathlib import Path


def write(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write a file whole or not at all; return whether that changed it."""
    if has(path, text, mode):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    Path(name).chmod(mode)
    Path(name).rename(path)
    return True


def has(path: Path, text: str, mode: int) -> bool:
    """Return whether a path is a file, not a link, of this text and mode."""
    if path.is_symlink() or not path.is_file():
        return False
    return path.stat().st_mode & 0o7777 == mode and path.read_text(encoding="utf-8") == text


def replace_symlink(link: Path, target: Path | str) -> None:
    """Make a symbolic link, or have it point elsewhere: one or the other, at every moment."""
    link.parent.mkdir(parents=True, exist_ok=True)
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(link)


def remove(folder: Path) -> None:
    """Remove a folder: first from sight, so that none is half there."""
    if folder.exists():
        gone = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone)


def clear(path: Path) -> None:
    """Remove whatever a path is, a folder with all that lies in it, or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
