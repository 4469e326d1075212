"""models/model.schema.json: the contract's JSON Schema, which editors understand."""

import json

from app.contract import Contract
from deploy.base.paths import MODELS

PAGE = MODELS / "model.schema.json"


def text() -> str:
    """Return the file's text."""
    return json.dumps(Contract.model_json_schema(), indent=1, ensure_ascii=False) + "\n"
