"""The golden rows of a release's models: what each model answered when it was built, and must answer here."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import HostError
from .http_client import Response
from .layout import Application

DEFAULT_TOLERANCE = {"relative": 1e-6, "absolute": 1e-6}
"""Of bundles made before they recorded their tolerance: a host may go back to one."""

BLOCK_ROWS = 50
"""Most rows in a request."""


@dataclass(frozen=True)
class GoldenRows:
    """The golden rows of one model.

    Attributes:
        model: its name.
        rows: ``{"row", "value"}``: input and answer.
        tolerance: ``{"relative", "absolute"}``: how far an answer may differ from the recorded one.
    """

    model: str
    rows: list[dict[str, Any]]
    tolerance: Mapping[str, float]

    @property
    def path(self) -> str:
        """The address that the model answers at."""
        return f"/api/v1/models/{self.model}/predictions"

    def blocks(self, settings: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
        """Return the rows in blocks, each of which fits into one request by the application's limits."""
        longest = max(len(json.dumps(row["row"]).encode()) + len(", ") for row in self.rows)
        most = int(settings["APP_MAX_BODY_KIB"]) * 1024 // longest
        size = max(1, min(BLOCK_ROWS, int(settings["APP_MAX_ROWS"]), most))
        return (self.rows[start : start + size] for start in range(0, len(self.rows), size))

    def compare(self, block: list[dict[str, Any]], response: Response) -> None:
        """Compare the answers to a block with the recorded ones.

        Raises:
            HostError: they differ.
        """
        for row, prediction in zip(block, response.json["predictions"], strict=True):
            recorded, value = row["value"], prediction["value"]
            if not is_equal(recorded, value, self.tolerance):
                difference = f"{value!r} rather than {recorded!r}"
                raise HostError(f"golden row of {self.model}: {difference} for {json.dumps(row['row'])}")


def golden_rows(application: Application, release: str) -> Iterator[GoldenRows]:
    """Return the golden rows of each model of a release."""
    for file in sorted((application.folder(release) / "bundles").glob("*/model.json")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        yield GoldenRows(file.parent.name, manifest["golden"], manifest.get("tolerance", DEFAULT_TOLERANCE))


def requests(application: Application, release: str) -> list[tuple[str, Any]]:
    """Return the address and body of a request for each golden row of a release."""
    return [(golden.path, row["row"]) for golden in golden_rows(application, release) for row in golden.rows]


def is_equal(recorded: object, value: object, tolerance: Mapping[str, float]) -> bool:
    """Return whether an answer is the recorded one, within a tolerance; of several targets, all of them."""
    if isinstance(recorded, dict) and isinstance(value, dict):
        pairs = ((recorded[name], value[name]) for name in recorded.keys() & value.keys())
        return recorded.keys() == value.keys() and all(is_equal(*pair, tolerance) for pair in pairs)
    if isinstance(recorded, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return math.isclose(recorded, value, rel_tol=tolerance["relative"], abs_tol=tolerance["absolute"])
    return recorded == value and isinstance(recorded, bool) == isinstance(value, bool)
