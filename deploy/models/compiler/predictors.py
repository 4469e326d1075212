"""Graphs of predictors, by kind of estimator; what each computes is scikit-learn's own formula, in float64."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn import ensemble, linear_model, naive_bayes, neural_network, svm, tree
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel

from deploy.models.compiler import trees
from deploy.models.compiler.graph import Graph, Tensor, Unsupported


@dataclass(frozen=True)
class Answer:
    """What a predictor's graph computes.

    Attributes:
        value: (n,), the number; "" for a classifier.
        place: (n,) int64, of the label among ``classes_``; "" for a regressor.
        probabilities: (n, classes).
    """

    value: str = ""
    place: str = ""
    probabilities: Tensor | None = None


def predictor(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    """Add a fitted predictor to a graph.

    Raises:
        Unsupported: there is no graph for its kind, or for one of its settings.
    """
    if not hasattr(estimator, "classes_") and np.ndim(getattr(estimator, "intercept_", 0)) == 1:
        _must_be(np.size(estimator.intercept_) == 1, "several outputs")
    for kinds, translate in KINDS:
        if isinstance(estimator, kinds):
            return translate(graph, estimator, given)
    raise Unsupported(f"{type(estimator).__name__} has no graph")


def _must_be(held: bool, otherwise: str) -> None:
    if not held:
        raise Unsupported(otherwise)


def trees_in(estimator: Any) -> list[trees.Tree]:
    """Return a predictor's trees, in the order in which their answers are added; none where it has none.

    A node's value is what the tree adds to its target; of a tree of shares, a number for each kind of share.
    """
    if isinstance(estimator, HISTOGRAM):
        return [_of_histogram(each.nodes, target) for stage in estimator._predictors
                for target, each in enumerate(stage)]  # fmt: skip
    if isinstance(estimator, GRADIENT):
        return [trees.of_scikit_learn(each.tree_, each.tree_.value[:, 0, 0] * estimator.learning_rate, target)
                for stage in estimator.estimators_ for target, each in enumerate(stage)]  # fmt: skip
    if isinstance(estimator, (*TREE, *FOREST)):
        return [trees.of_scikit_learn(each, _kinds_of_leaves(each) if each.value.shape[2] > 1 else each.value[:, 0, 0])
                for each in _fitted(estimator)]  # fmt: skip
    return []


def _kinds_of_leaves(tree: Any) -> Any:
    return np.unique(tree.value[:, 0, :], axis=0, return_inverse=True)[1].ravel()


def sees(estimator: Any, numbers: Any) -> Any:
    """Return the numbers, (n, features), that a predictor's trees compare: all but histograms' are rounded first."""
    return numbers if isinstance(estimator, HISTOGRAM) else numbers.astype(np.float32).astype(np.float64)


def _fitted(estimator: Any) -> list[Any]:
    return [each.tree_ for each in getattr(estimator, "estimators_", [estimator])]


def _averaged(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    fitted = _fitted(estimator)
    trees.must_have_one_output(fitted[0])
    seen = trees.as_trees_see(graph, given)
    if hasattr(estimator, "classes_"):
        return _most_probable(graph, trees.mean_probabilities(graph, seen, fitted))
    summed = trees.sums(graph, seen, trees_in(estimator), 1)
    return Answer(graph.add("Div", graph.column(summed), graph.constant(float(len(fitted)))))


def _gradient_boosting(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    start = estimator.init_
    _must_be(isinstance(start, str | DummyClassifier | DummyRegressor), "an init estimator of its own")
    begin = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]
    grown = [trees.constant_tree(value, target) for target, value in enumerate(begin)]
    raw = trees.sums(graph, trees.as_trees_see(graph, given), grown + trees_in(estimator), len(begin))
    if not hasattr(estimator, "classes_"):
        return Answer(graph.column(raw))
    twice = estimator.loss == "exponential"
    return _boosted(graph, raw, scale=2.0 if twice else 1.0, zero_is_second=True)


def _histogram_boosting(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    _must_be(estimator.is_categorical_ is None, "categories of its own")
    begin = np.ravel(estimator._baseline_prediction)
    grown = [trees.constant_tree(value, target) for target, value in enumerate(begin)]
    raw = trees.sums(graph, given, grown + trees_in(estimator), len(begin))
    if hasattr(estimator, "classes_"):
        return _boosted(graph, raw, scale=1.0, zero_is_second=False)
    value = graph.column(raw)
    return Answer(graph.add("Exp", value) if estimator.loss in ("poisson", "gamma") else value)


def _of_histogram(nodes: Any, target: int) -> trees.Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, trees.LEAF, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return trees.Tree(nodes["feature_idx"], nodes["num_threshold"], left, right, nodes["missing_go_to_left"],
                      nodes["value"], target)  # fmt: skip


def _boosted(graph: Graph, raw: Tensor, scale: float, zero_is_second: bool) -> Answer:
    if raw.width > 1:
        place = graph.add("ArgMax", raw.name, axis=1, keepdims=0)
        return Answer(place=place, probabilities=_softmax(graph, raw))
    score = raw.name if scale == 1 else graph.add("Mul", raw.name, graph.constant(scale))
    probabilities = _two(graph, graph.add("Sigmoid", score))
    compare = "GreaterOrEqual" if zero_is_second else "Greater"
    return Answer(place=_place_of_two(graph, raw, compare), probabilities=probabilities)


def _linear(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    _must_be(np.ndim(estimator.coef_) == 1 or np.shape(estimator.coef_)[0] == 1, "several outputs")
    return Answer(graph.column(_scores(graph, estimator.coef_, estimator.intercept_, given)))


def _generalized_linear(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    raw = graph.column(_scores(graph, estimator.coef_, estimator.intercept_, given))
    link = type(estimator._base_loss.link).__name__
    _must_be(link in ("LogLink", "IdentityLink"), f"link {link}")
    return Answer(graph.add("Exp", raw) if link == "LogLink" else raw)


def _scores(graph: Graph, coefficients: Any, intercept: Any, given: Tensor) -> Tensor:
    if hasattr(coefficients, "toarray"):
        coefficients = coefficients.toarray()
    weights = np.atleast_2d(np.asarray(coefficients, dtype=np.float64)).T
    product = graph.add("MatMul", given.name, graph.constant(weights))
    return Tensor(graph.add("Add", product, graph.constant(np.ravel(intercept))), weights.shape[1])


def _linear_classifier(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    _must_be(not hasattr(estimator, "predict_proba"), f"{type(estimator).__name__}'s probabilities have no graph")
    return Answer(place=_place_of_scores(graph, _scores(graph, estimator.coef_, estimator.intercept_, given)))


def _logistic(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    scores = _scores(graph, estimator.coef_, estimator.intercept_, given)
    place = _place_of_scores(graph, scores)
    if scores.width == 1:
        return Answer(place=place, probabilities=_two(graph, graph.add("Sigmoid", scores.name)))
    return Answer(place=place, probabilities=_softmax(graph, scores))


def _stochastic(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    scores = _scores(graph, estimator.coef_, estimator.intercept_, given)
    place = _place_of_scores(graph, scores)
    if not hasattr(estimator, "predict_proba"):
        return Answer(place=place)
    _must_be(estimator.loss == "log_loss", f"probabilities of the loss {estimator.loss}")
    shares = graph.add("Sigmoid", scores.name)
    if scores.width == 1:
        return Answer(place=place, probabilities=_two(graph, shares))
    total = graph.add("ReduceSum", shares, graph.constant([1], np.int64), keepdims=1)
    return Answer(place=place, probabilities=Tensor(graph.add("Div", shares, total), scores.width))


def _gaussian_naive_bayes(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    mean, variance = estimator.theta_[None], estimator.var_[None]
    begin = np.log(estimator.class_prior_) - 0.5 * np.log(2.0 * np.pi * estimator.var_).sum(axis=1)
    each = graph.add("Unsqueeze", given.name, graph.constant([1], np.int64))
    apart = graph.add("Sub", each, graph.constant(mean))
    squares = graph.add("Div", graph.add("Mul", apart, apart), graph.constant(variance))
    total = graph.add("ReduceSum", squares, graph.constant([2], np.int64), keepdims=0)
    half = graph.add("Mul", total, graph.constant(0.5))
    joint = Tensor(graph.add("Sub", graph.constant(begin), half), len(estimator.classes_))
    place = graph.add("ArgMax", joint.name, axis=1, keepdims=0)
    return Answer(place=place, probabilities=_softmax(graph, joint))


def _perceptrons(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    found = given
    for layer, (weights, intercept) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        found = _scores(graph, weights.T, intercept, found)
        if layer < len(estimator.coefs_) - 1 and (activation := ACTIVATIONS[estimator.activation]):
            found = Tensor(graph.add(activation, found.name), found.width)
    if not hasattr(estimator, "classes_"):
        _must_be(found.width == 1, "several outputs")
        activation = ACTIVATIONS.get(estimator.out_activation_, "")
        return Answer(graph.column(Tensor(graph.add(activation, found.name), 1) if activation else found))
    if found.width > 1:
        _must_be(estimator.out_activation_ == "softmax", "several labels at once")
        return _most_probable(graph, _softmax(graph, found))
    second = Tensor(graph.add("Sigmoid", found.name), 1)
    above = graph.add("Greater", graph.column(second), graph.constant(0.5))
    return Answer(place=graph.cast(above, TensorProto.INT64), probabilities=_two(graph, second.name))


def _support_vector_regressor(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    similar = _kernel(graph, estimator, given)
    weights = graph.constant(_dense(estimator.dual_coef_).T)
    found = graph.add("Add", graph.add("MatMul", similar, weights), graph.constant(estimator.intercept_))
    return Answer(graph.column(Tensor(found, 1)))


def _support_vector_classifier(graph: Graph, estimator: Any, given: Tensor) -> Answer:
    _must_be(not hasattr(estimator, "predict_proba"), "libsvm's probabilities")
    _must_be(not estimator.break_ties, "break_ties")
    similar = _kernel(graph, estimator, given)
    pairs, weights = _duels(estimator)
    duels = graph.add("MatMul", similar, graph.constant(weights))
    duels = graph.add("Add", duels, graph.constant(np.ravel(estimator._intercept_)))
    won = graph.cast(graph.add("Greater", duels, graph.constant(0.0)), TensorProto.DOUBLE)
    first, second = np.zeros((len(pairs), len(estimator.classes_))), np.zeros((len(pairs), len(estimator.classes_)))
    for duel, (one, other) in enumerate(pairs):
        first[duel, one], second[duel, other] = 1, 1
    lost = graph.add("Sub", graph.constant(1.0), won)
    votes = graph.add("Add", graph.add("MatMul", won, graph.constant(first)),
                      graph.add("MatMul", lost, graph.constant(second)))  # fmt: skip
    return Answer(place=graph.add("ArgMax", votes, axis=1, keepdims=0))


def _duels(estimator: Any) -> tuple[list[tuple[int, int]], Any]:
    """Return the pairs of classes, and each support vector's weight in each pair, as libsvm lays them out."""
    coefficients, counts = _dense(estimator._dual_coef_), estimator._n_support
    starts = np.concatenate([[0], np.cumsum(counts)])
    classes = len(counts)
    pairs = [(one, other) for one in range(classes) for other in range(one + 1, classes)]
    weights = np.zeros((starts[-1], len(pairs)))
    for duel, (one, other) in enumerate(pairs):
        ours, theirs = slice(starts[one], starts[one + 1]), slice(starts[other], starts[other + 1])
        weights[ours, duel] = coefficients[other - 1, ours]
        weights[theirs, duel] = coefficients[one, theirs]
    return pairs, weights


def _kernel(graph: Graph, estimator: Any, given: Tensor) -> str:
    """Return each row's likeness to each support vector, (n, vectors)."""
    vectors = _dense(estimator.support_vectors_)
    if estimator.kernel == "rbf":
        return graph.add("Exp", graph.add("Mul", _squares(graph, given, vectors), graph.constant(-estimator._gamma)))
    product = graph.add("MatMul", given.name, graph.constant(vectors.T))
    if estimator.kernel == "linear":
        return product
    _must_be(estimator.kernel in ("poly", "sigmoid"), f"the kernel {estimator.kernel}")
    scaled = graph.add("Mul", product, graph.constant(estimator._gamma))
    shifted = graph.add("Add", scaled, graph.constant(float(estimator.coef0)))
    if estimator.kernel == "sigmoid":
        return graph.add("Tanh", shifted)
    return graph.add("Pow", shifted, graph.constant(float(estimator.degree)))


def _squares(graph: Graph, given: Tensor, vectors: Any) -> str:
    """Return each row's squared distance to each vector: as products, around their middle, where little is lost."""
    middle = vectors.mean(axis=0)
    around = graph.add("Sub", given.name, graph.constant(middle))
    own = graph.add("ReduceSumSquare", around, graph.constant([1], np.int64), keepdims=1)
    product = graph.add("MatMul", around, graph.constant(-2.0 * (vectors - middle).T))
    apart = graph.add("Add", graph.add("Add", product, own), graph.constant(((vectors - middle) ** 2).sum(axis=1)))
    return graph.add("Max", apart, graph.constant(0.0))


def _most_probable(graph: Graph, probabilities: Tensor) -> Answer:
    place = graph.add("ArgMax", probabilities.name, axis=1, keepdims=0)
    return Answer(place=place, probabilities=probabilities)


def _place_of_scores(graph: Graph, scores: Tensor) -> str:
    if scores.width == 1:
        return _place_of_two(graph, scores, "Greater")
    return graph.add("ArgMax", scores.name, axis=1, keepdims=0)


def _place_of_two(graph: Graph, score: Tensor, compare: str) -> str:
    above = graph.add(compare, graph.column(score), graph.constant(0.0))
    return graph.cast(above, TensorProto.INT64)


def _two(graph: Graph, second: str) -> Tensor:
    first = graph.add("Sub", graph.constant(1.0), second)
    return graph.beside([Tensor(first, 1), Tensor(second, 1)])


def _softmax(graph: Graph, scores: Tensor) -> Tensor:
    return Tensor(graph.add("Softmax", scores.name, axis=1), scores.width)


def _dense(matrix: Any) -> Any:
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)


ACTIVATIONS = {"identity": "", "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}

TREE = (tree.DecisionTreeClassifier, tree.DecisionTreeRegressor)
FOREST = (ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, ensemble.ExtraTreesClassifier,
          ensemble.ExtraTreesRegressor)  # fmt: skip
GRADIENT = (ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor)
HISTOGRAM = (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)

KINDS: list[tuple[Any, Callable[[Graph, Any, Tensor], Answer]]] = [
    (TREE, _averaged),
    (FOREST, _averaged),
    (GRADIENT, _gradient_boosting),
    (HISTOGRAM, _histogram_boosting),
    ((linear_model.LogisticRegression, LinearDiscriminantAnalysis), _logistic),
    (linear_model.SGDClassifier, _stochastic),
    ((linear_model.PoissonRegressor, linear_model.GammaRegressor, linear_model.TweedieRegressor), _generalized_linear),
    (naive_bayes.GaussianNB, _gaussian_naive_bayes),
    ((neural_network.MLPClassifier, neural_network.MLPRegressor), _perceptrons),
    ((svm.SVC, svm.NuSVC), _support_vector_classifier),
    ((svm.SVR, svm.NuSVR), _support_vector_regressor),
    (LinearClassifierMixin, _linear_classifier),
    ((LinearModel, linear_model.SGDRegressor), _linear),
]  # fmt: skip
