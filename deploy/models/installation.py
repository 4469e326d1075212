"""Where an added model goes: a folder that is free, or whose model it replaces; its bundle beside the others."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from deploy.base.errors import DeployError
from deploy.base.paths import state
from deploy.models import builder, bundle_folder
from deploy.models.model_folder import CODE_FOLDER, CONTRACT, MODEL_FILE, RECORD
from deploy.models.sandbox.text import visible

REPLACED_KEPT = 10
"""Models that were replaced, and can be taken back by hand."""

DRAFT_BUNDLES = ".bundles"
"""Beside the draft of a model's folder, whose name it can't be."""

WRITTEN = (CODE_FOLDER, CONTRACT, RECORD, MODEL_FILE)
"""What this command puts into a model's folder."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def install(draft: Path, folder: Path, bundle: Path) -> None:
    """Put a model's folder and its bundle where they belong."""
    with builder.models_locked():
        _replace(draft, folder)
        bundle_folder.remove(bundle)
        _move(draft.parent / DRAFT_BUNDLES / folder.name, bundle)


def _replace(draft: Path, folder: Path) -> None:
    """Put a model's folder where it belongs; what was there is kept aside."""
    if folder.is_symlink() or folder.exists():
        aside = state("replaced", f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{folder.name}")
        _move(folder, aside)
        print(f"The model that it replaces is kept in {aside}.")
        for old in sorted(aside.parent.iterdir())[:-REPLACED_KEPT]:
            bundle_folder.remove(old)
    _move(draft, folder)


def _move(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, to)


def free_folder(models: Path, name: str, replace: bool) -> Path:
    """Return the folder of a model that is to be added.

    Raises:
        DeployError: the name is none, or is taken.
    """
    if not NAME.fullmatch(name):
        raise DeployError(
            f"{name!r} can't be a model's name: lower-case letters, digits, _ and -, a letter first",
            "Choose one: --name my_model",
            status=2,
        )
    folder = models / name
    if not folder.is_symlink() and not folder.exists():
        return folder
    if not replace:
        raise DeployError(
            f"{folder}: there is already a model of that name",
            "Choose another name (--name), or replace it (--replace).",
            status=2,
        )
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if own := [entry.name for entry in entries if entry.name not in (*WRITTEN, "__pycache__")]:
        raise DeployError(
            f"{folder}: holds what model add didn't write: {', '.join(map(visible, own[:5]))}",
            "Choose another name (--name), or move that folder away yourself.",
            status=2,
        )
    return folder
