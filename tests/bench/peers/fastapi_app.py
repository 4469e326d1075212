"""FastAPI as its tutorial has it: a pydantic model for the body, a plain function."""

from typing import Any

from fastapi import FastAPI
from model import EXAMPLE, answer
from pydantic import create_model

app = FastAPI()
Row = create_model("Row", **{name: (str if isinstance(value, str) else float, ...) for name, value in EXAMPLE.items()})


@app.post("/predict", response_model=None)
def predict(row: Row) -> dict[str, Any]:
    """Answer a row."""
    return answer(row.model_dump())
