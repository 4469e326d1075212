"""What a file needs of a person's own code: modules that came with it, and what its notebook had defined."""

import importlib
import re
import sys
import traceback
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from deploy.base.errors import DeployError

NOT_THERE = re.compile(r"Can't get attribute '([\w.]+)' on <module '(\w+)'")
"""How pickle says what a module lacks."""


class _Notebook(ModuleType):
    """``__main__`` as it was where a file was saved: its classes and functions are those of the modules beside it."""

    def __init__(self, code: str) -> None:
        super().__init__("__main__")
        self.code, self.modules = code, _names(code)

    def __getattr__(self, name: str) -> Any:
        for module in [] if name.startswith("__") else self.modules:
            if hasattr(imported := importlib.import_module(module), name):
                return getattr(imported, name)
        raise AttributeError(f"Can't get attribute {name!r} on <module '__main__'>")


@contextmanager
def notebook(code: str) -> Iterator[None]:
    """Stand in for the notebook that saved a file, while it is used.

    Args:
        code: the ZIP of modules that came with it, which stays importable; empty: none came.
    """
    if code and code not in sys.path:
        sys.path.append(code)  # the last place: no installed module is hidden by it
    own, sys.modules["__main__"] = sys.modules["__main__"], _Notebook(code)
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def came_with_file() -> bool:
    """Return whether modules came with the file that is open."""
    return bool(_open_code())


def missing_code(file: str, fault: Exception) -> DeployError | None:
    """Return what a file needs of a person's own code, and how to give it; None where it fails of something else."""
    code = _open_code()
    if code and (ours := [frame for frame in traceback.extract_tb(fault.__traceback__) if code in frame.filename]):
        place = f"{ours[-1].filename.removeprefix(code).lstrip('/')}, line {ours[-1].lineno}"
        return DeployError(
            f"{file}: the code given with it fails: {place}: {type(fault).__name__}: {str(fault)[:200]}",
            "Keep in it what the model needs: classes and functions with their imports. No training, no files.",
        )
    lacking = NOT_THERE.search(str(fault)) if isinstance(fault, AttributeError) else None
    if lacking is None:
        return None
    name, module = lacking.groups()
    modules = ", ".join(_names(code))
    if module == "__main__":
        return DeployError(
            f"{file}: needs {name}, which the notebook or program that saved it had defined"
            + (f"; it isn't in {modules}" if modules else ""),
            f"Put {name}, with the imports it needs, into a file such as my_code.py, and give that: --code my_code.py",
        )
    if module in _names(code):
        return DeployError(f"{file}: needs {name}, which {module} has not", "Give it as it was at the training: --code")
    return None


def _open_code() -> str:
    here = sys.modules["__main__"]
    return here.code if isinstance(here, _Notebook) else ""


def _names(code: str) -> list[str]:
    """Return the names of the modules and packages in a ZIP."""
    if not code:
        return []
    with zipfile.ZipFile(code) as packed:
        return sorted({name.partition("/")[0].removesuffix(".py") for name in packed.namelist()})
