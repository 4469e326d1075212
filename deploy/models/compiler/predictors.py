"""Kinds of predictors and their graphs; what each graph computes is scikit-learn's own formula, in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import cluster, linear_model, naive_bayes, neural_network, svm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel

from deploy.models.compiler import bayes, clusters, ensembles, linear, neural_networks, vector_machines
from deploy.models.compiler.graph import Graph, Tensor, Unsupported
from deploy.models.compiler.outputs import PredictorOutput, require

GENERALIZED = (linear_model.PoissonRegressor, linear_model.GammaRegressor, linear_model.TweedieRegressor)

KINDS: list[tuple[Any, Callable[[Graph, Any, Tensor], PredictorOutput]]] = [
    (ensembles.TREE, ensembles.forest),
    (ensembles.FOREST, ensembles.forest),
    (ensembles.GRADIENT, ensembles.gradient_boosting),
    (ensembles.HISTOGRAM, ensembles.histogram_boosting),
    ((linear_model.LogisticRegression, LinearDiscriminantAnalysis), linear.logistic_regression),
    (linear_model.SGDClassifier, linear.sgd_classifier),
    (GENERALIZED, linear.generalized_regressor),
    (naive_bayes.GaussianNB, bayes.gaussian),
    ((neural_network.MLPClassifier, neural_network.MLPRegressor), neural_networks.mlp),
    ((svm.SVC, svm.NuSVC), vector_machines.classifier),
    ((svm.SVR, svm.NuSVR), vector_machines.regressor),
    (svm.OneClassSVM, vector_machines.one_class),
    ((cluster.KMeans, cluster.MiniBatchKMeans, cluster.MeanShift), clusters.nearest_centre),
    (LinearClassifierMixin, linear.classifier),
    ((LinearModel, linear_model.SGDRegressor), linear.regressor),
]
"""Classes → what adds their graph; the first that an estimator is an instance of counts."""


def predictor(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a fitted predictor to a graph.

    Raises:
        Unsupported: there is no graph for its kind, or for one of its settings.
    """
    if not hasattr(estimator, "classes_") and np.ndim(getattr(estimator, "intercept_", 0)) == 1:
        require(np.size(estimator.intercept_) == 1, "several outputs")
    for classes, translate in KINDS:
        if isinstance(estimator, classes):
            return translate(graph, estimator, features)
    raise Unsupported(f"{type(estimator).__name__} has no graph")
