"""The golden rows of a release's models: what each answered when it was built, and must answer here."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import HostError
from .http_client import Response
from .layout import Application

UNRECORDED = {"relative": 1e-6, "absolute": 1e-6}
"""Within what answers are the same, for bundles of the time when they didn't tell it: a host may go back to one."""

BLOCK = 50
"""Rows of a request."""


@dataclass(frozen=True)
class GoldenRows:
    """Those of a model.

    Attributes:
        model: its name.
        rows: ``{"row", "value"}``: input and answer.
        tolerance: within what answers are the same.
    """

    model: str
    rows: list[dict[str, Any]]
    tolerance: Mapping[str, float]

    @property
    def path(self) -> str:
        """The address that the model answers at."""
        return f"/api/v1/models/{self.model}/predictions"

    def blocks(self, settings: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
        """Return the rows as requests take them, by what the application lets in."""
        longest = max(len(json.dumps(row["row"]).encode()) + len(", ") for row in self.rows)
        fit = int(settings["APP_MAX_BODY_KIB"]) * 1024 // longest
        size = max(1, min(BLOCK, int(settings["APP_MAX_ROWS"]), fit))
        return (self.rows[start : start + size] for start in range(0, len(self.rows), size))

    def compare(self, block: list[dict[str, Any]], response: Response) -> None:
        """Compare what was answered to a block with what was recorded.

        Raises:
            HostError: they differ.
        """
        for row, prediction in zip(block, response.json["predictions"], strict=True):
            recorded, value = row["value"], prediction["value"]
            if not is_same(recorded, value, self.tolerance):
                differs = f"{value!r} rather than {recorded!r}"
                raise HostError(f"golden row of {self.model}: {differs} for {json.dumps(row['row'])}")


def golden_rows(application: Application, release: str) -> Iterator[GoldenRows]:
    """Return those of each model of a release."""
    for file in sorted((application.folder(release) / "bundles").glob("*/model.json")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        yield GoldenRows(file.parent.name, manifest["golden"], manifest.get("tolerance", UNRECORDED))


def requests(application: Application, release: str) -> list[tuple[str, Any]]:
    """Return the address and body of a request for each golden row of a release."""
    return [(golden.path, row["row"]) for golden in golden_rows(application, release) for row in golden.rows]


def is_same(recorded: object, value: object, tolerance: Mapping[str, float]) -> bool:
    """Return whether an answer is the recorded one."""
    if isinstance(recorded, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return math.isclose(recorded, value, rel_tol=tolerance["relative"], abs_tol=tolerance["absolute"])
    return recorded == value and isinstance(recorded, bool) == isinstance(value, bool)
