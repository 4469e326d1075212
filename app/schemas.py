"""JSON Schemas of a model's rows and predictions, derived from its contract, and its card: for OpenAPI 3.1."""

from typing import Any

from app.contract import Classification, Contract, Regression
from app.engines import NAMES
from app.fields.field import LANGUAGE, Field
from app.model import Model
from app.values import as_text

PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "identifies the request in the server's log"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "field", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "where the error is in the body (RFC 6901)"},
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def row_schema(contract: Contract) -> dict[str, Any]:
    """Return the JSON Schema of a row."""
    return {
        "type": "object",
        "properties": {field.name: field.json_schema() for field in contract.fields},
        "required": [field.name for field in contract.fields if field.is_required],
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},  # ignored where no field is absent
        "examples": [contract.example],
    }


WARNINGS = {
    "type": "array",
    "description": "how the row differs from what the model has seen; absent where it doesn't",
    "items": {
        "type": "object",
        "required": ["field", "detail"],
        "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
    },
}


INTERVAL = {
    "type": "object",
    "description": "between what the truth lies in such a share of cases, measured on rows the model wasn't trained on",
    "required": ["low", "high", "coverage"],
    "properties": {
        "low": {"type": "number"},
        "high": {"type": "number"},
        "coverage": {"type": "number", "minimum": 0, "maximum": 1},
    },
}


def prediction_schema(contract: Contract) -> dict[str, Any]:
    """Return the JSON Schema of one prediction; of several targets, each member has name → what it is of one."""
    if not contract.also:
        schema = _target_schema(contract.predicts)
    else:
        targets = {target.name or "": _target_schema(target) for target in contract.targets}
        members = dict.fromkeys(member for target in targets.values() for member in target["properties"])
        required = [member for member in members if any(member in target["required"] for target in targets.values())]
        properties = {member: _by_target(member, targets) for member in members}
        schema = {"type": "object", "required": required, "properties": properties}
    schema["properties"]["warnings"] = WARNINGS
    return schema


def _by_target(member: str, targets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    known = {name: target["properties"][member] for name, target in targets.items() if member in target["properties"]}
    required = [name for name in known if member in targets[name]["required"]]
    return {"type": "object", "required": required, "properties": known}


def _target_schema(predicts: Classification | Regression) -> dict[str, Any]:
    if not isinstance(predicts, Classification):
        description = predicts.label[LANGUAGE] + (f", {predicts.unit[LANGUAGE]}" if predicts.unit else "")
        value = {"type": "number", "description": description}
        interval = {"interval": INTERVAL} if predicts.interval else {}
        return {"type": "object", "required": ["value", *interval], "properties": {"value": value, **interval}}
    share = {"type": "number", "minimum": 0, "maximum": 1.000001}
    return {
        "type": "object",
        "required": ["value", "label"],
        "properties": {
            "value": {"enum": [label.value for label in predicts.labels], "description": "as the model knows it"},
            "label": {
                "type": "string",
                "description": "what people call it, in the language that Accept-Language asks for",
            },
            "probability": share | {"description": "of this label"},
            "probabilities": {
                "type": "object",
                "properties": {as_text(label.value): share for label in predicts.labels},
            },
        },
    }


def parameters(contract: Contract) -> list[dict[str, Any]]:
    """Return the parameters of the address of one prediction."""
    return [_parameter(field) for field in contract.fields]


def _parameter(field: Field) -> dict[str, Any]:
    schema = field.address_schema()
    return {
        "name": field.name,
        "in": "query",
        "required": field.is_required,
        "example": as_text(field.example) if schema.get("type") == "string" else field.example,
        "description": field.description(),
        "schema": schema,
    }


def card(model: Model) -> dict[str, Any]:
    """Return a model's card: its contract, metrics and version."""
    manifest = model.manifest
    return {
        "name": model.name,
        "version": model.version,
        "contract": manifest.contract.model_dump(mode="json", exclude_none=True),
        "metrics": manifest.metrics,
        "made_with": manifest.made_with,
        "engine": NAMES[manifest.engine],
        "proof": manifest.proof.model_dump(mode="json") | model.timings.model_dump(),
    }


CARD = {
    "type": "object",
    "required": ["name", "version", "contract", "metrics", "made_with", "engine", "proof"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string", "description": "changes with the model"},
        "contract": {"type": "object"},
        "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
        "made_with": {"type": "object", "additionalProperties": {"type": "string"}},
        "engine": {"type": "string", "enum": [*NAMES.values()], "description": "what computes the predictions"},
        "proof": {
            "type": "object",
            "description": "how the engine's predictions were compared with scikit-learn's when the model was built",
        },
    },
}
