"""Files that are replaced: whole or not at all."""

import shutil
from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Write a text beside a file, then put it in its place; the file's permissions stay."""
    target = file.resolve()
    partial = target.with_name(f".{target.name}.new")
    try:
        partial.write_text(text, encoding="utf-8")
        if target.exists():
            shutil.copymode(target, partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
