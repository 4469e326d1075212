"""ONNX Runtime: no scikit-learn, no pickle; the bundle's graph, which the build compiled and compared."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

# Without this it sends telemetry to its maker, from a thread that makes forked workers hang when they exit.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from app.contract import Contract
from app.engines import EngineOutputs
from app.values import Value

INPUT, VALUE, LABEL, PROBABILITIES = "rows", "value", "label", "probabilities"
"""The names in a graph."""

BLOCK_ROWS = 256
"""Rows that are computed at a time: more need more memory and gain nothing."""


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
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._coders = [field.coder() for field in contract.fields]
        self.gives_probabilities = PROBABILITIES in self._outputs

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        """Return the outputs for rows, one or more, each with its values in the contract's order."""
        blocks = [self._run(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)]
        arrays = blocks[0] if len(blocks) == 1 else [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
        outputs = {name: array.tolist() for name, array in zip(self._outputs, arrays, strict=True)}
        return EngineOutputs(outputs.get(VALUE), outputs.get(LABEL), outputs.get(PROBABILITIES))

    def _run(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        """Run the graph on a block of (n, fields) float64: a choice is its place, yes is 1, a missing value NaN."""
        columns = [coder(column) for coder, column in zip(self._coders, zip(*rows, strict=True), strict=True)]
        encoded = np.ascontiguousarray(np.array(columns, dtype=np.float64).T)
        return list(self._session.run(self._outputs, {INPUT: encoded}))
