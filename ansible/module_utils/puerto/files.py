"""Files, links and folders, each of which is there in full or not at all."""

import os
import shutil
import tempfile
from pathlib import Path


def write(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write a file in full or not at all; return whether that changed anything."""
    if has(path, text, mode):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(partial).chmod(mode)
    Path(partial).rename(path)
    return True


def has(path: Path, text: str, mode: int) -> bool:
    """Return whether a path is a file, not a link, with this text and mode."""
    if path.is_symlink() or not path.is_file():
        return False
    return path.stat().st_mode & 0o7777 == mode and path.read_bytes() == text.encode()


def replace_symlink(link: Path, target: Path | str) -> None:
    """Make a symbolic link, or point it elsewhere, atomically."""
    link.parent.mkdir(parents=True, exist_ok=True)
    new_link = link.with_name(f".{link.name}.new")
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(target)
    new_link.rename(link)


def remove(folder: Path) -> None:
    """Remove a folder; it is renamed first, so that its name never stands for half of it."""
    if folder.exists():
        renamed = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(renamed, ignore_errors=True)
        folder.rename(renamed)
        shutil.rmtree(renamed)


def clear(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; a path that doesn't exist is left alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
