"""A bundle on disk: written whole or not at all, and recognised when it is up to date."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.model import FILES, MANIFEST, TIMINGS, Manifest
from app.own_code import CODE
from deploy.base.errors import DeployError
from deploy.models.sandbox.text import visible


def write(bundle: Path, data: bytes, manifest: dict[str, Any], code: bytes = b"") -> None:
    """Write beside, then rename: a run that is cut off leaves the old bundle or none.

    Args:
        data: the engine's file.
        code: the model's own modules, a ZIP, where the engine needs them.

    Raises:
        DeployError: the manifest isn't one.
    """
    manifest["sha256"] = hashlib.sha256(data).hexdigest()
    manifest["code"] = hashlib.sha256(code).hexdigest() if code else ""
    try:
        Manifest.model_validate(manifest)
    except ValidationError as fault:
        error = fault.errors()[0]
        place = ".".join(map(str, error["loc"]))
        raise DeployError(f"{bundle.name}: can't be built: {visible(place)}: {error['msg']}") from fault
    bundle.parent.mkdir(parents=True, exist_ok=True)
    _drop_leftovers(bundle)
    draft = Path(tempfile.mkdtemp(dir=bundle.parent, prefix=f".{bundle.name}-"))
    (draft / FILES[manifest["engine"]]).write_bytes(data)
    if code:
        (draft / CODE).write_bytes(code)
    (draft / TIMINGS).write_text(json.dumps(manifest.pop("timings")) + "\n", encoding="utf-8")
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.chmod(0o755)
    remove(bundle)
    draft.rename(bundle)


def remove(entry: Path) -> None:
    """Remove what has a name in a folder: a folder whole, of a link the link alone."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def is_up_to_date(bundle: Path, source: str) -> bool:
    """Return whether a bundle is there, whole, and made from sources of that SHA-256."""
    if bundle.is_symlink():  # the release would hold none
        return False
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        data = (bundle / FILES[manifest["engine"]]).read_bytes()
        code = (bundle / CODE).read_bytes() if manifest["code"] else b""
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not (bundle / TIMINGS).exists():
        return False
    contents = [(manifest.get("sha256"), data), *([(manifest["code"], code)] if code else [])]
    is_whole = all(recorded == hashlib.sha256(content).hexdigest() for recorded, content in contents)
    return bool(manifest.get("source") == source and is_whole)


def _drop_leftovers(bundle: Path) -> None:
    """Remove what a run that was cut off left: all that stands in the bundles' folder goes into the release."""
    for leftover in bundle.parent.glob(f".{bundle.name}-*"):
        remove(leftover)
