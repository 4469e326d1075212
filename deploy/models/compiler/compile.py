"""Compiles an estimator, under its contract, to the bytes of an ONNX model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from app.contract import Classification, Contract
from app.engines.onnx import LABEL, PROBABILITIES, VALUE
from app.values import Value
from deploy.models.compiler.graph import Graph, Unsupported
from deploy.models.compiler.predictors import Answer, predictor
from deploy.models.compiler.transformers import Columns, Given, numbers, transformed


def compiled(contract: Contract, estimator: Any, arrange: Callable[[Sequence[Sequence[Value]]], Any]) -> bytes:
    """Return a model that `app.engines.onnx` runs.

    Args:
        arrange: turns rows into what the estimator takes.

    Raises:
        Unsupported: a part has no graph; which, and why.
    """
    if faults := [field.graph_fault for field in contract.fields if field.graph_fault]:
        raise Unsupported(faults[0])
    graph = Graph(len(contract.fields))
    given: Given = Columns(contract, tuple(range(len(contract.fields))), arrange)
    transformers, last = parts(estimator)
    for step in transformers:
        given = transformed(graph, step, given)
    answer = predictor(graph, last, numbers(graph, given))
    return graph.serialized(_outputs(graph, contract, last, answer))


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


def _outputs(graph: Graph, contract: Contract, estimator: Any, answer: Answer) -> dict[str, Any]:
    if not isinstance(contract.predicts, Classification):
        return {VALUE: (answer.value, TensorProto.DOUBLE, [None])}
    classes = np.asarray(estimator.classes_).tolist()
    labels = [label.value for label in contract.predicts.labels]
    place = answer.place
    if classes != labels:
        places = graph.constant([labels.index(each) for each in classes], np.int64)
        place = graph.add("Gather", places, place, axis=0)
    outputs: dict[str, Any] = {LABEL: (place, TensorProto.INT64, [None])}
    if answer.probabilities:
        ordered = graph.take(answer.probabilities, [classes.index(label) for label in labels])
        outputs[PROBABILITIES] = (ordered.name, TensorProto.DOUBLE, [None, len(labels)])
    return outputs
