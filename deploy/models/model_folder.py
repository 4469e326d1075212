"""What a model's folder holds: its contract, and either train.py or the added file with what was recorded of it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.base.errors import DeployError
from deploy.models.sandbox.claims import Answer, PandasType, Row
from deploy.models.sandbox.replies import ROWS

CONTRACT, RECORD = "model.yaml", "record.json"
CODE_FOLDER = "code"
"""A person's own modules, which the added file needs."""

MODEL_FILE: Literal["model.joblib"] = "model.joblib"
TRAINING: Literal["train.py"] = "train.py"

Origin = Literal["model.joblib", "train.py"]
"""What a bundle is made of: the file that was added, or the program that trains it."""


class Record(BaseModel):
    """What record.json says: rows of the table and their answers, which must hold ever after."""

    model_config = ConfigDict(strict=True, frozen=True)
    columns: list[PandasType]
    rows: Annotated[list[Row], Field(max_length=ROWS)]
    answers: Annotated[list[Answer], Field(max_length=ROWS)]
    made_with: dict[str, str]


def origin_of(folder: Path) -> Origin:
    """Return what a model's folder says it is made of: record.json, which ``model add`` writes, names the added file.

    Raises:
        DeployError: it says both, or half of one.
    """
    is_added = (folder / RECORD).exists()
    if is_added and (folder / TRAINING).exists():
        raise DeployError(
            f"{folder}: holds both {RECORD}, of a file that was added, and {TRAINING}: which makes the model?",
            f"Remove {TRAINING}, or {RECORD} and {MODEL_FILE}.",
        )
    if not is_added and (folder / MODEL_FILE).exists():
        raise DeployError(
            f"{folder / MODEL_FILE}: has no {RECORD} beside it, which model add writes",
            "Add the file: python3 -m deploy model add FILE --replace",
        )
    return MODEL_FILE if is_added else TRAINING


def read_record(file: Path) -> Record:
    """Return a record.json, checked.

    Raises:
        DeployError: it isn't there, or isn't what ``model add`` wrote.
    """
    if not file.is_file():
        raise DeployError(f"{file}: is no file")
    try:
        return Record.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as fault:
        reason = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else fault
        raise DeployError(f"{file}: isn't what model add wrote: {reason}", "Add the file again: --replace") from fault
