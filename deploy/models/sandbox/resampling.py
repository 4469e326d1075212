"""Opens imbalanced-learn's pipelines without it: steps that only training uses (SMOTE and its like) are left out.

They make rows to train on; what is predicted passes the other steps, and those are scikit-learn's.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

PACKAGE, PIPELINE = "imblearn", "imblearn.pipeline"
RESAMPLING = ("imblearn.base", "imblearn.combine", "imblearn.over_sampling", "imblearn.under_sampling")
"""Modules of steps that training alone uses."""

left_out: set[str] = set()
"""The classes of steps that were left out of what this process has opened."""


class _Resampler:
    """Stands for a step that makes rows to train on."""


class _Module(ModuleType):
    """A module of imbalanced-learn, as far as a pickle asks for it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__ == PIPELINE and name == "Pipeline":
            return _pipeline_class()
        if self.__name__.startswith(RESAMPLING):
            return type(name, (_Resampler,), {"__module__": self.__name__})
        raise AttributeError(f"Can't get attribute {name!r} on {self!r}")


class _Finder(MetaPathFinder, Loader):
    """Finds these modules where imbalanced-learn isn't installed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        is_known = name in (PACKAGE, PIPELINE) or f"{name}.".startswith(tuple(f"{module}." for module in RESAMPLING))
        return spec_from_loader(name, self, is_package=True) if is_known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: its classes are made when they are asked for."""


def find_without_package() -> None:
    """Let files be opened that have such pipelines in them."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def _pipeline_class() -> type:
    """Return a class whose instances become scikit-learn's pipelines of the other steps, once they are read."""
    from sklearn.pipeline import Pipeline

    def read(pipeline: Any, state: dict[str, Any]) -> None:
        steps = [step for step in state["steps"] if not isinstance(step[1], _Resampler)]
        left_out.update(type(step).__name__ for _, step in state["steps"] if isinstance(step, _Resampler))
        defaults = {"memory": None, "transform_input": None, "verbose": False}
        Pipeline.__setstate__(pipeline, defaults | state | {"steps": steps})  # scikit-learn's own would want a version
        pipeline.__class__ = Pipeline

    return type("Pipeline", (Pipeline,), {"__setstate__": read})
