"""The files that ``model add`` is given: looked at and copied, but not opened yet."""

import filecmp
import os
import re
import shlex
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from deploy.base.errors import DeployError
from deploy.models.foreign_files import PICKLES, require_own
from deploy.models.sandbox.text import visible

LARGEST_MIB, LARGEST_TABLE_MIB = 1024, 4096

SAVED = (".joblib", ".pkl", ".pickle", ".sav")
STEPS = (
    "imputer",
    "encoder|codificador|vectorizer|tfidf",
    "scaler|scaling|escalador|normali[sz]",
    "pca",
    "preproces|transform(?!ed)",
)
"""What the names of files say that were saved beside a model, in the order in which trainings mostly apply them."""

COMPANION = re.compile("|".join(STEPS), re.I)
"""In the name of what was saved beside a model, and that its rows or its answers must pass."""

LABELS = re.compile(r"label|target|etiqueta|clase|(^|[_-])(le|y)([_-]|$)", re.I)

FILE_TYPES = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def check_model(file: Path) -> None:
    """Check what kind of file it is, without opening what may run code.

    Raises:
        DeployError: it is neither skops's, nor joblib's, nor pickle's; or another library's.
    """
    _check_file(file, LARGEST_MIB, "Train a smaller one, with fewer trees, or dump it with compress=3.")
    with file.open("rb") as stream:
        head = stream.read(16)
    require_own(file, head)
    if not head.startswith(PICKLES) and not zipfile.is_zipfile(file):
        raise DeployError(
            f"{file}: is no model file: it isn't what joblib.dump, pickle.dump or skops.io.dump write",
            "In the notebook that trained it: joblib.dump(model, 'model.joblib')",
        )


def require_no_companions(file: Path, labels: Path | None, given: Mapping[str, Any]) -> None:
    """Stop where something lies beside a model that its rows or answers may have to pass: nobody said so yet.

    Args:
        labels: the encoder of its answers, where it was named.
        given: option → value, of all others, for the line to type.

    Raises:
        DeployError: the line to type.
    """
    others = [other for other in _companions(file) if not (labels and other.samefile(labels))]
    if not others:
        return
    before = sorted((other for other in others if not LABELS.search(other.stem)), key=_step)
    encoders = [labels] if labels else [other for other in others if LABELS.search(other.stem)][:1]
    beside = {"--before": before, "--no-before": not before, "--labels": encoders}
    words = [str(file), *_typed({**beside, **given})]
    names = " and ".join(visible(other.name) for other in others)
    order = ", with what follows --before in the order in which the training applied them" if len(before) > 1 else ""
    raise DeployError(
        f"{file}: beside it there is {names}: does that belong to it? Without it the answers would be wrong.",
        f"If so{order}:\n  python3 -m deploy model add {shlex.join(words)}\nIf not, add --no-before.",
        status=2,
    )


def _step(file: Path) -> int:
    return next(place for place, names in enumerate(STEPS) if re.search(names, file.stem, re.I))


def _typed(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield options as they are typed: without a value where that is true; those without one are left out."""
    for option, value in options.items():
        if value:
            values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            yield from (option, *(str(one) for one in values if one is not True))


def _companions(file: Path) -> list[Path]:
    """Return the files beside a model's whose names say that they transform tables or labels."""
    try:
        others = sorted(other for other in file.parent.iterdir() if other.suffix.lower() in SAVED and other != file)
    except OSError:
        return []
    return [other for other in others if COMPANION.search(other.stem) and other.is_file()]


def check_tables(data: Path | None, test: Path | None) -> None:
    """Check that tables can be read: the one that a model was trained on, and one of other rows.

    Raises:
        DeployError: one is no file, or too large a one; or they are the same.
    """
    for file in filter(None, (data, test)):
        _check_file(file, LARGEST_TABLE_MIB, "Pass fewer of its rows: ranges and answers need no more.")
    if data and test and filecmp.cmp(data, test, shallow=False):
        reason = f"{test}: is the table of --data; --test takes rows that the model wasn't trained on"
        advice = 'Where they were split: X_test.assign(y=y_test).to_csv("test.csv", index=False)'
        raise DeployError(reason, advice, status=2)


def copy_model(stream: IO[bytes], to: Path) -> None:
    """Copy a file that may have become another since it was looked at.

    Raises:
        DeployError: it is no file any more, or grows without end.
    """
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        raise DeployError(f"{stream.name}: is no file")
    left = LARGEST_MIB << 20
    with to.open("xb") as copy:
        while block := stream.read(min(1 << 20, left + 1)):
            left -= copy.write(block)
            if left < 0:
                raise DeployError(f"{stream.name}: grows while it is read; at most {LARGEST_MIB} MiB go into a release")


def _check_file(file: Path, largest_mib: int, advice: str) -> None:
    """Check that it is a file, of a size that can be taken.

    Raises:
        DeployError: it is none.
    """
    try:
        status = file.stat()
    except OSError as fault:
        reason = "no such file" if isinstance(fault, FileNotFoundError) else fault.strerror
        raise DeployError(f"{file}: {reason}", status=2) from fault
    if not stat.S_ISREG(status.st_mode):
        file_type = FILE_TYPES.get(stat.S_IFMT(status.st_mode), "a device")
        raise DeployError(f"{file}: is {file_type}, not a file", status=2)
    if status.st_size > largest_mib << 20:
        size = f"{status.st_size / 2**30:.1f} GiB"
        raise DeployError(f"{file}: has {size}; at most {largest_mib} MiB can be taken", advice)
