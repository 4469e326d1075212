"""Model files whose code tries to get out of the sandbox: what they do, and how each kind of file carries it."""

import functools
import json
import pickle
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.models.attacks import ATTACKS, PRELUDE

ROWS = np.random.default_rng(1).uniform(size=(40, 2)).round(3)
HIGH = (ROWS[:, 0] > 0.5).astype(int)
MARK = "puerto-mark"
"""In the name of every file that an attack writes."""


class Calls:
    """Unpickled, it calls a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


def as_joblib(file: Path, code: str) -> None:
    """Write a file that runs the code when joblib opens it."""
    joblib.dump(Calls(exec, (code, {})), file)


def as_pickle(file: Path, code: str) -> None:
    """Write a file that runs the code when pickle opens it."""
    file.write_bytes(pickle.dumps(Calls(exec, (code, {}))))


def as_skops(file: Path, code: str) -> None:
    """Write a file that runs the code when its model is first asked."""
    pipeline = make_pipeline(FunctionTransformer(), LogisticRegression()).fit(ROWS, HIGH)
    runs = f"(lambda: [exec({code!r}, {{}}), __import__('numpy').zeros((40, 2))][1])()"
    pipeline.steps[0][1].func = functools.partial(eval, runs, {})
    skops.io.dump(pipeline, file)


def as_own_code(file: Path, code: str) -> None:
    """Write a file that needs a module of one's own, beside it, which runs the code when it is imported."""
    file.with_name(OWN_CODE).write_text(code)
    file.write_bytes(b"\x80\x04cstranger_code\nModel\n.")


def as_of_another_scikit_learn(file: Path, code: str) -> None:
    """Write a file that says that another scikit-learn wrote it, and runs the code when it is opened there."""
    joblib.dump({"_sklearn_version": ANOTHER, "model": Calls(exec, (code, {}))}, file)


ANOTHER = "1.3.2"
OWN_CODE = "stranger_code.py"
KINDS: dict[str, Callable[[Path, str], None]] = {
    "joblib": as_joblib, "pkl": as_pickle, "skops": as_skops, "sav": as_own_code,
    "pickle": as_of_another_scikit_learn,
}  # fmt: skip
"""A file's suffix → how it carries code; of sav, the code is given beside it."""


def source(code: str, **values: Any) -> str:
    """Return a file's code, with the values that it is to know."""
    known = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    return known + textwrap.dedent(PRELUDE) + textwrap.dedent(code)


def every_attack() -> str:
    """Return code that tries all attacks, one after the other, and says by which, of their order, it got out."""
    return f"""
results = {{}}
for name, code in {ATTACKS!r}.items():
    try:
        exec(__import__("textwrap").dedent(code), globals())
    except End as ending:
        results[name] = str(ending)
    except BaseException as fault:
        results[name] = "" if isinstance(fault, OSError) else repr(fault)
out = [place for place, done in enumerate(results.values()) if done]
raise RuntimeError(f"tried {{len(results)}}, got out by {{out}} {{[*filter(None, results.values())][:1]}}")
"""


def answers(reply: dict[str, Any], attached: bytes = b"") -> str:
    """Return code that answers in the place of this project's, and ends."""
    line = json.dumps(reply).encode() + b"\n" + attached
    return f"to_every_stream({line!r})\ntime.sleep(1)\nos._exit(0)"
