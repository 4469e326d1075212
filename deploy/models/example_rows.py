"""The rows of a contract's examples: the model must answer them, and as their names say."""

from collections.abc import Sequence
from pathlib import Path

from app.contract import Contract
from app.faults import InvalidInput
from app.predictions import Prediction
from app.validator import RowValidator
from app.values import Row
from deploy.base.errors import DeployError
from deploy.models.contracts import at


def example_rows(file: Path, contract: Contract) -> list[Row]:
    """Return the rows of a contract's examples.

    Args:
        file: the contract's, for sentences.

    Raises:
        DeployError: a value that the contract refuses.
    """
    check, rows = RowValidator(contract), []
    for place, example in enumerate(contract.examples):
        try:
            rows.append(check.typed(example.values))
        except InvalidInput as refusal:
            faults = "; ".join(f"{name} {fault}" for name, fault in refusal.faults.items())
            raise DeployError(f"{at(file, ['examples', place])}: examples: {faults}") from refusal
    return rows


def require_answers(file: Path, contract: Contract, predictions: Sequence[Prediction]) -> None:
    """Check what the model answers to the rows of a contract's examples.

    Raises:
        DeployError: another label than an example is called by.
    """
    for place, (example, prediction) in enumerate(zip(contract.examples, predictions, strict=True)):
        if example.answer is not None and prediction.value != example.answer:
            answers = f"the model answers {prediction.value!r} to this one, not {example.answer!r}"
            raise DeployError(
                f"{at(file, ['examples', place])}: examples: {answers}", "Change its answer or its values."
            )
