"""Whether a contract fits its model: what goes in, and what comes out."""

from pathlib import Path
from typing import Any

from app.contract import Classification, Contract, Regression
from app.engines.classes import classes_of_targets
from deploy.base.errors import DeployError
from deploy.models.contracts import at
from deploy.models.structure import takes_texts, used_columns


def require_labels(file: Path, contract: Contract, estimator: Any) -> None:
    """Check that a contract says what a model answers, target by target.

    Args:
        file: the contract's, for sentences.

    Raises:
        DeployError: it says other labels, or numbers for labels.
    """
    lists = classes_of_targets(estimator, len(contract.targets))
    if len(lists) != len(contract.targets):
        reason = f"the model answers {len(lists)} things at once, and the contract says {len(contract.targets)}"
        raise DeployError(f"{at(file, ['also' if contract.also else 'predicts'])}: {reason}")
    for number, (target, classes) in enumerate(zip(contract.targets, lists, strict=True)):
        _require_target(file, ["also", number - 1] if number else ["predicts"], target, classes)


def require_fields(file: Path, contract: Contract, estimator: Any) -> None:
    """Check that a contract has the fields that a model takes.

    Args:
        file: the contract's, for sentences.

    Raises:
        DeployError: it has others, or in another order.
    """
    fields = [field.name for field in contract.fields]
    features = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    count = 1 if takes_texts(estimator) else getattr(estimator, "n_features_in_", len(fields))
    if features and not _are_fields(estimator, features, fields):
        known = f"the model knows {', '.join(features)}, in this order; the contract says {', '.join(fields)}"
        raise DeployError(f"{at(file, ['fields'])}: fields: {known}")
    if not features and count != len(fields):
        raise DeployError(f"{at(file, ['fields'])}: fields: the model takes {count}, not {len(fields)}")


def _require_target(
    file: Path, place: list[str | int], target: Classification | Regression, classes: list[Any] | None
) -> None:
    name = ".".join(map(str, place))
    if not isinstance(target, Classification):
        if classes is not None:
            raise DeployError(f"{at(file, place)}: {name}: the model answers labels; say kind: classification")
        return
    if classes is None:
        raise DeployError(f"{at(file, place)}: {name}: the model answers numbers; say kind: regression")
    labels = [choice.value for choice in target.labels]
    if len(labels) != len(classes) or any(label not in classes for label in labels):
        shown = f"{name}.labels" if len(place) > 1 else "labels"
        reason = f"{shown}: the model was trained on {classes}, not {labels}"
        raise DeployError(f"{at(file, [*place, 'labels'])}: {reason}")


def _are_fields(estimator: Any, features: list[str], fields: list[str]) -> bool:
    """Tell whether fields are the columns that a model knows, or those of them that it doesn't drop."""
    in_order = [name for name in features if name in fields]
    return fields == in_order and (len(fields) == len(features) or {*used_columns(estimator, features)} <= {*fields})
