"""Runs inside the sandbox: opens a model file and says, as one line of JSON, what it is.

Standard input: JSON with ``task``, ``model`` and the task's arguments. A fault is ``{"fault", "advice"}``.
"""

import io
import json
import resource
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.errors import DeployError

MEMORY_BYTES = 8 << 30
CPU_SECONDS = 500


def main() -> int:
    """Do the task, and print what was found; what the file's own code prints goes nowhere."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    request = json.load(sys.stdin)
    task = TASKS[request.pop("task")]
    with redirect_stdout(io.StringIO()):
        try:
            found = task(**request)
        except DeployError as fault:
            found = {"fault": fault.reason, "advice": fault.advice}
        except MemoryError:
            found = {"fault": f"{request['model']}: needs more than {MEMORY_BYTES >> 30} GiB of memory"}
        except Exception as fault:
            traceback.print_exc()
            found = {"fault": f"{request['model']}: {type(fault).__name__}: {' '.join(str(fault).split())[:300]}"}
    print(json.dumps(found))
    return 0


def describe(model: str, out: str, data: str, target: str, trusted: list[str]) -> dict[str, Any]:
    """Return what a contract needs to know of a model and of the table that it was trained on."""
    from deploy import features

    estimator = opened(Path(model), trusted)
    found = features.describe(model, estimator, data, target)
    if model.endswith(".skops"):
        import joblib

        joblib.dump(estimator, Path(out) / "model.joblib")
    return found


def prove(model: str, out: str, contract: str, rows: list[list[Any]], columns: list[str], expected: list[Any]
          ) -> dict[str, Any]:  # fmt: skip
    """Return the proof of a bundle; refuse a model whose answers are no longer the recorded ones."""
    from deploy.contracts import read_contract
    from deploy.proving import must_repeat
    from deploy.proving import prove as proof_of

    file = Path(contract)
    estimator = opened(Path(model), [])
    proof = proof_of(file, read_contract(file), estimator, rows, columns)
    must_repeat(file, estimator, read_contract(file), proof, rows, expected)
    return asdict(proof)


def types(model: str, out: str) -> dict[str, Any]:
    """Return the types of a skops file that must be trusted by name."""
    from skops.io import get_untrusted_types

    try:
        return {"types": sorted(get_untrusted_types(file=model))}
    except Exception as fault:
        raise DeployError(f"{model}: is no skops file: {fault}") from fault


def opened(file: Path, trusted: list[str]) -> Any:
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
            raise _explained(file, fault) from fault
    if not callable(getattr(estimator, "predict", None)):
        kind = type(estimator).__name__
        raise DeployError(f"{file}: holds a {kind}, which has no predict", "Save the fitted model or pipeline itself.")
    return estimator


def _explained(file: Path, fault: Exception) -> DeployError:
    from sklearn.exceptions import InconsistentVersionWarning

    lock = "in the Pipfile, and lock (CONTRIBUTING.md, A package)."
    if isinstance(fault, InconsistentVersionWarning):
        versions = f"scikit-learn {fault.original_sklearn_version}; this project runs {fault.current_sklearn_version}"
        return DeployError(f"{file}: was made by {versions}", f"Train it again with that one, or name the older {lock}")
    if isinstance(fault, ModuleNotFoundError):
        return DeployError(f"{file}: needs the module {fault.name}, which isn't installed", f"Name its package {lock}")
    words = f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"
    return DeployError(f"{file}: can't be opened: {words}",
                       "Is it whole, and was it saved by joblib.dump, pickle.dump or skops.io.dump?")  # fmt: skip


def _load(file: Path, trusted: list[str]) -> Any:
    if file.suffix == ".skops":
        from skops.io import load

        return load(file, trusted=trusted)
    import joblib

    return joblib.load(file)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"describe": describe, "prove": prove, "types": types}

if __name__ == "__main__":
    sys.exit(main())
