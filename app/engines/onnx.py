"""ONNX Runtime: no scikit-learn, no pickle; the bundle's graph, which the build compiled and proved."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

# Unless told before its import, it reports to its maker, from a thread that makes forked workers hang at their end.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from app.contract import Contract
from app.engines import Answers
from app.values import Value

INPUT, VALUE, LABEL, PROBABILITIES = "rows", "value", "label", "probabilities"
"""The names in a graph."""

BLOCK_ROWS = 256
"""Rows that are asked at a time: more need more memory and gain nothing."""


class Onnx:
    """A compiled model, computed in the calling thread.

    Args:
        contract: the model's.
        data: what `deploy.models.compiler` made.
    """

    def __init__(self, contract: Contract, data: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self._outputs = [each.name for each in self._session.get_outputs()]
        self._codes = [field.coder() for field in contract.fields]
        self.gives_probabilities = PROBABILITIES in self._outputs

    def answers(self, rows: Sequence[Sequence[Value]]) -> Answers:
        """Return the answers for rows, one or more, each with its values in the contract's order."""
        found = [self._run(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)]
        joined = found[0] if len(found) == 1 else [np.concatenate(each) for each in zip(*found, strict=True)]
        said = {name: array.tolist() for name, array in zip(self._outputs, joined, strict=True)}
        return Answers(said.get(VALUE), said.get(LABEL), said.get(PROBABILITIES))

    def _run(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        """Ask for a block, encoded as (n, fields) float64: a choice by its place, yes as 1, a missing value as NaN."""
        columns = [code(column) for code, column in zip(self._codes, zip(*rows, strict=True), strict=True)]
        coded = np.ascontiguousarray(np.array(columns, dtype=np.float64).T)
        return list(self._session.run(self._outputs, {INPUT: coded}))
