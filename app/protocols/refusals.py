"""How each protocol writes an error: as its own clients read it, and no other way."""

import re

OPEN_INFERENCE = re.compile(r"/v2(/|$)")
MLFLOW = re.compile(r"(/models/[^/]+)?/(invocations|ping|version)$")
"""What the protocols' addresses look like."""

CODES = {
    404: "RESOURCE_DOES_NOT_EXIST",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}
"""Status → MLflow's name of it; any other is a bad request."""


def document(path: str, status: int, sentence: str) -> dict[str, str] | None:
    """Return the JSON of an error at an address; None where that is no protocol's."""
    if OPEN_INFERENCE.match(path):
        return {"error": sentence}
    if MLFLOW.match(path):
        return {"error_code": CODES.get(status, "BAD_REQUEST"), "message": sentence}
    return None
