"""Why a file can't be opened, and the next step for whoever saved it. Runs inside the sandbox."""

import re
from importlib.metadata import distributions, version
from typing import Any

from deploy.base.errors import DeployError
from deploy.models.sandbox import own_modules
from deploy.models.sandbox.distributions import distribution

TRAIN_AGAIN = "Train it again with {package} {version} (pip install {package}=={version}), and save it: joblib.dump."
COPY_AGAIN = "Copy it once more from where it was saved, as a whole, in binary mode; or save it again: joblib.dump."
PICKLE_AGAIN = "In the notebook that trained it: joblib.dump(model, 'model.joblib')"

MOVED = "was made by another {package} than this one, {installed}, which has no {name}"
INSTALLED = {"sklearn": "scikit-learn", "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "joblib": "joblib"}
"""Packages that are there, so that only a version of theirs can lack a module: how they are imported → their names."""

LACKING = re.compile(r"Can't get attribute '([\w.]+)' on <module '([\w.]+)'")

CAUSES = (
    (r"node array from the pickle has an incompatible dtype",
     "was made by an older or newer scikit-learn, whose trees have other nodes", ""),
    (r"is not a known BitGenerator|numpy\._core",
     "was made by a newer numpy than the scikit-learn that it names can have", ""),
    (r"python 2|^UnicodeDecodeError: 'ascii' codec", "was made by Python 2", ""),
    (r"^EOFError|^ValueError: EOF: |truncated|exhausted before|Compressed file ended|unexpected end|Ran out of input"
     r"|^IndexError: index out of range|^error: unpack requires a buffer",
     "isn't complete: it ends in the middle", COPY_AGAIN),
    (r"LZ4 is not installed", "is compressed by lz4, which isn't installed here",
     "Save it again with another: joblib.dump(model, 'model.joblib', compress=3)"),
    (r"^(UnpicklingError|KeyError|IndexError|OverflowError|zlib\.error|error|OSError|BadGzipFile|LZMAError): ",
     "is damaged, or isn't what joblib.dump, pickle.dump or skops.io.dump wrote", COPY_AGAIN),
)  # fmt: skip
"""What an exception's type and text hold → what that means, and the next step; empty: another training."""


def load_fault(file: str, fault: Exception) -> DeployError:
    """Return what keeps a file from being opened, in words."""
    if own := own_modules.missing_code(file, fault):
        return own
    if writer := getattr(fault, "original_sklearn_version", ""):
        reason = f"{file}: was made by scikit-learn {writer}; what opens it is {version('scikit-learn')}"
        return DeployError(reason, _again())
    if moved := _moved(file, fault):
        return moved
    if isinstance(fault, ModuleNotFoundError):
        module = str(fault.name).partition(".")[0]
        advice = f"Is it yours? Then --code {module}.py. If the package index has it, --with {distribution(module)}."
        return DeployError(f"{file}: needs the module {fault.name}, which isn't installed", advice)
    message = f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"
    for pattern, meaning, advice in CAUSES:
        if re.search(pattern, message):
            return DeployError(f"{file}: {meaning}", advice or _again())
    return DeployError(f"{file}: can't be opened: {message}", f"Is it complete? {PICKLE_AGAIN}")


def _moved(file: str, fault: Exception) -> DeployError | None:
    """Return that a package which is installed has no such module or class: a version of another time had it."""
    name = _missing_name(fault)
    if (module := name.partition(".")[0]) not in INSTALLED:
        return None
    package = INSTALLED[module]
    installed = version(package)
    reason = MOVED.format(package=package, installed=installed, name=name)
    again = _again() if package == "scikit-learn" else TRAIN_AGAIN.format(package=package, version=installed)
    return DeployError(f"{file}: {reason}", again)


def _missing_name(fault: Any) -> str:
    if isinstance(fault, ModuleNotFoundError):
        return str(fault.name)
    found = LACKING.search(str(fault)) if isinstance(fault, AttributeError) else None
    return f"{found[2]}.{found[1]}" if found else ""


def _again() -> str:
    """Advise another training, with the scikit-learn of ``.venv``: the last, where that of another time comes first."""
    ours = [*distributions(name="scikit-learn")][-1].version
    return TRAIN_AGAIN.format(package="scikit-learn", version=ours)
