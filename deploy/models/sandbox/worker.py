"""Runs inside the sandbox: opens a model file and works on tasks about it, a line of JSON for each.

A request is JSON with ``task``, ``model`` and the task's arguments. A reply is one of replies.py, and the bytes that
are attached to it; whoever reads it knows that the file's own code may have written either.
"""

import functools
import io
import json
import os
import resource
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from deploy.base.errors import DeployError
from deploy.models.sandbox import replies

MEMORY_BYTES = 8 << 30
CPU_SECONDS = 500
LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_NPROC: 512,
}
"""What this process, and whatever the file's code makes of it, can have; no file is written."""

RawReply = tuple[dict[str, Any], bytes]
"""A reply, and what is attached to it."""


def main() -> int:
    """Reply to each line; what the file's own code prints goes nowhere."""
    for limit, most in LIMITS.items():
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))
    requests, output = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout):
        os.dup2(null, stream.fileno())
    _send(output, {"ready": True}, b"")
    for line in requests:
        _send(output, *_run(**json.loads(line)))
    return 0


def _send(output: IO[bytes], reply: dict[str, Any], attached: bytes) -> None:
    output.write(replies.encode(reply, attached))
    output.flush()


def _run(task: str, model: str, **arguments: Any) -> RawReply:
    try:
        return TASKS[task](model=model, **arguments)
    except DeployError as fault:
        return {"fault": fault.reason, "advice": fault.advice}, b""
    except MemoryError:
        return {"fault": f"{model}: needs more than {MEMORY_BYTES >> 30} GiB of memory"}, b""
    except Exception as fault:
        traceback.print_exc()
        return {"fault": f"{model}: {type(fault).__name__}: {' '.join(str(fault).split())[:300]}"}, b""


def describe(model: str, data: str, target: str, trusted: list[str]) -> RawReply:
    """Return what a contract needs to know of a model and its table, and a skops file's estimator as joblib has it."""
    from deploy.models import introspection

    estimator = opened(Path(model), tuple(trusted))
    description = introspection.describe(model, estimator, data, target)
    description["metrics"] = [{"name": name, "value": value} for name, value in description["metrics"].items()]
    file = io.BytesIO()
    if model.endswith(".skops"):
        import joblib

        joblib.dump(estimator, file)
    return description, file.getvalue()


def validate(
    model: str,
    contract: str,
    rows: list[list[Any]],
    columns: list[str],
    expected: list[Any],
    data: str,
    target: str,
    random_rows: int,
) -> RawReply:
    """Return what a bundle says of its model; refuse one whose answers are no longer the recorded ones."""
    from deploy.models import introspection, validation
    from deploy.models.contracts import read_contract

    file = Path(contract)
    estimator = opened(Path(model), ())
    known = [*rows, *(introspection.rows(estimator, data, target) if data else [])]
    validated = validation.validate(file, read_contract(file), estimator, known, columns, random_rows)
    validation.require_recorded_answers(file, estimator, read_contract(file), validated, rows, expected)
    manifest = validated.manifest
    golden = [{"row": [*entry["row"].values()], "value": entry["value"]} for entry in manifest["golden"]]
    return manifest | {"columns": [*manifest["columns"].values()], "golden": golden}, validated.graph


def untrusted_types(model: str) -> RawReply:
    """Return the types of a skops file that must be trusted by name."""
    from skops.io import get_untrusted_types

    try:
        return {"types": sorted(get_untrusted_types(file=model))}, b""
    except Exception as fault:
        raise DeployError(f"{model}: is no skops file: {fault}") from fault


@functools.cache
def opened(file: Path, trusted: tuple[str, ...]) -> Any:
    """Return the estimator in a file.

    Raises:
        DeployError: it holds none, or one that this scikit-learn can't run.
    """
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            estimator = _load(file, trusted)
        except MemoryError:
            raise
        except Exception as fault:
            raise _load_error(file, fault) from fault
    if not callable(getattr(estimator, "predict", None)):
        kind = type(estimator).__name__
        raise DeployError(f"{file}: holds a {kind}, which has no predict", "Save the fitted model or pipeline itself.")
    return estimator


def _load_error(file: Path, fault: Exception) -> DeployError:
    from sklearn.exceptions import InconsistentVersionWarning

    lock = "in the Pipfile, and lock (CONTRIBUTING.md, A package)."
    if isinstance(fault, InconsistentVersionWarning):
        versions = f"scikit-learn {fault.original_sklearn_version}; this project runs {fault.current_sklearn_version}"
        return DeployError(f"{file}: was made by {versions}", f"Train it again with that one, or name the older {lock}")
    if isinstance(fault, ModuleNotFoundError):
        return DeployError(f"{file}: needs the module {fault.name}, which isn't installed", f"Name its package {lock}")
    message = f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"
    return DeployError(
        f"{file}: can't be opened: {message}",
        "Is it complete, and was it saved by joblib.dump, pickle.dump or skops.io.dump?",
    )


def _load(file: Path, trusted: tuple[str, ...]) -> Any:
    if file.suffix == ".skops":
        from skops.io import load

        return load(file, trusted=list(trusted))
    import joblib

    return joblib.load(file)


TASKS: dict[str, Callable[..., RawReply]] = {
    "describe": describe,
    "validate": validate,
    "untrusted_types": untrusted_types,
}

if __name__ == "__main__":
    sys.exit(main())
