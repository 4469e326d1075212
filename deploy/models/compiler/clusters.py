"""Graphs of what finds groups in rows: the nearest of their centres."""

from typing import Any

from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import PredictorOutput, dense
from deploy.models.compiler.vector_machines import squared_distances


def nearest_centre(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add what answers the group with the nearest centre."""
    distances = squared_distances(graph, features, dense(estimator.cluster_centers_))
    return PredictorOutput(place=graph.node("ArgMin", distances, axis=1, keepdims=0))
