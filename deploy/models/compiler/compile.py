"""Compiles an estimator, under its contract, to the bytes of an ONNX model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from app.contract import Classification, Contract
from app.engines.classes import classes_of
from app.engines.onnx import LABEL, PROBABILITIES, VALUE
from app.values import Value
from deploy.models.compiler.columns import Block, Columns
from deploy.models.compiler.graph import Graph, Unsupported
from deploy.models.compiler.outputs import PredictorOutput
from deploy.models.compiler.predictors import predictor
from deploy.models.compiler.transformers import numbers, transformed


def compiled(contract: Contract, estimator: Any, arrange: Callable[[Sequence[Sequence[Value]]], Any]) -> bytes:
    """Return a model that `app.engines.onnx` runs.

    Args:
        arrange: turns rows into what the estimator takes.

    Raises:
        Unsupported: a part has no graph; which, and why.
    """
    if contract.also:
        raise Unsupported("it answers several things at once")
    if faults := [field.graph_fault for field in contract.fields if field.graph_fault]:
        raise Unsupported(faults[0])
    graph = Graph(len(contract.fields))
    block: Block = Columns(contract, tuple(range(len(contract.fields))), arrange)
    transformers, last = parts(estimator)
    for step in transformers:
        block = transformed(graph, step, block)
    output = predictor(graph, last, numbers(graph, block))
    return graph.serialized(_outputs(graph, contract, last, output))


def parts(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers that stand before a predictor, and the predictor, taken out of pipelines and searches."""
    transformers = []
    while isinstance(estimator, Pipeline | BaseSearchCV):
        if isinstance(estimator, BaseSearchCV):
            estimator = estimator.best_estimator_
        else:
            transformers += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
            estimator = estimator.steps[-1][1]
    return transformers, estimator


def _outputs(graph: Graph, contract: Contract, estimator: Any, output: PredictorOutput) -> dict[str, Any]:
    """Return the model's outputs, its labels in the contract's order: name → tensor, ONNX's type, shape."""
    if not isinstance(contract.predicts, Classification):
        return {VALUE: (output.value, TensorProto.DOUBLE, [None])}
    classes = classes_of(estimator) or []
    labels = [label.value for label in contract.predicts.labels]
    place = output.place
    if classes != labels:
        places = graph.constant([labels.index(label) for label in classes], np.int64)
        place = graph.node("Gather", places, place, axis=0)
    outputs: dict[str, Any] = {LABEL: (place, TensorProto.INT64, [None])}
    if output.probabilities:
        ordered = graph.gather(output.probabilities, [classes.index(label) for label in labels])
        outputs[PROBABILITIES] = (ordered.name, TensorProto.DOUBLE, [None, len(labels)])
    return outputs
