"""A model that hangs as it is told to: the deadline's tests serve it."""

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import yaml

from app.contract import Contract
from app.model import FILES, MANIFEST, TIMINGS, EquivalenceReport, Manifest, Timings
from deploy.models.tolerance import tolerance_of

FOREVER = 3600

CONTRACT = """
name: hanging
title: Hangs
description: Hangs as it is told to.
source: Made up.
licence: MIT
trained: 2026-11-26
predicts: {kind: regression, label: Seconds}
fields:
  - {name: how, kind: text, label: How, example: nothing}
  - {name: seconds, kind: number, label: Seconds, minimum: 0, example: 0}
"""


def _spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


WAYS: dict[str, Callable[[float], Any]] = {
    "nothing": lambda seconds: None,
    "sleep": time.sleep,
    "python": _spin,
    "c": lambda seconds: hashlib.pbkdf2_hmac("sha256", b"", b"", int(seconds * 500_000) + 1),
    "gil": lambda seconds: re.fullmatch("(a+)+", "a" * (40 if seconds else 1) + "b"),
}
"""How → what hangs so: in the kernel, in Python, in C that lets Python go on, in C that doesn't."""


class Hanging:
    """An estimator, for scikit-learn's engine."""

    def predict(self, rows: Any) -> Any:
        """Hang as the rows say, then return their seconds."""
        for how, seconds in rows:
            WAYS[how](seconds)
        return np.array([seconds for _, seconds in rows], dtype=float)


def bundle(bundles: Path) -> Path:
    """Write the model's bundle as a build would; return it."""
    folder = bundles / "hanging"
    folder.mkdir(parents=True)
    file = folder / FILES["scikit_learn"]
    joblib.dump(Hanging(), file)
    manifest = Manifest(
        contract=Contract.model_validate(yaml.safe_load(CONTRACT)),
        version="0" * 12,
        source="tests/hanging.py",
        metrics={},
        made_with={},
        engine="scikit_learn",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        input="objects",
        columns={"how": "object", "seconds": "float64"},
        proof=EquivalenceReport(rows=0, thresholds=(0, 0), largest_difference=0, why="hangs"),
        golden=(),
        tolerance=tolerance_of(()),
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    (folder / TIMINGS).write_text(Timings(us_per_row=1, scikit_learn_us_per_row=1).model_dump_json())
    return folder
