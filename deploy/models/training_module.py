"""A model's own ``train.py``: found, and what it trained put into a file."""

import importlib.util
import io
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from deploy.base.errors import DeployError


def training(file: Path) -> ModuleType:
    """Return a train.py as a module.

    Raises:
        DeployError: there is none.
    """
    spec = importlib.util.spec_from_file_location(f"train_{file.parent.name}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise DeployError(
            f"{file}: is missing: write one with a train() that returns a deploy.training.Trained",
            "Or add the file of a trained model: python3 -m deploy model add FILE",
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pickled(estimator: Any, module: ModuleType) -> bytes:
    """Return an estimator as joblib has it; what its train.py defines, no server can import, so it goes by value."""
    import cloudpickle
    import joblib

    file = io.BytesIO()
    try:
        joblib.dump(estimator, file)
        return file.getvalue()
    except (pickle.PicklingError, AttributeError):
        sys.modules[module.__name__] = module
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(estimator))
    finally:
        cloudpickle.unregister_pickle_by_value(module)
        del sys.modules[module.__name__]
