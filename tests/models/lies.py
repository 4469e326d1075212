"""Replies that a hostile model file's own code gives in the place of this project's."""

from typing import Any

TRUTH: dict[str, Any] = {
    "estimator": "LogisticRegression", "labels": [0, 1], "columns": ["float64", "float64"], "metrics": [],
    "fields": [{"name": name, "kind": "number", "missing": False, "example": 0.5} for name in ("u", "v")],
    "rows": [], "answers": [],
}  # fmt: skip
"""An answer that would be one."""


def _lie(key: str, value: Any) -> dict[str, Any]:
    return TRUTH | {key: value}


def _field(**properties: Any) -> dict[str, Any]:
    return _lie("fields", [TRUTH["fields"][0] | properties, TRUTH["fields"][1]])


LIES: dict[str, Any] = {
    "a line break in the estimator": _lie("estimator", "x\n---\nname: evil"),
    "a line break of YAML's in the estimator": _lie("estimator", "x\u2028name: evil"),
    "an estimator of a mebibyte": _lie("estimator", "x" * (1 << 20)),
    "a line break of YAML's in a name": _field(name="u\u2028name: evil"),
    "an escape in a name": _field(name="u\x1b[2J"),
    "text that runs backwards in a name": _field(name="u\u202ev"),
    "a name that is a path": _field(name="../../train.py"),
    "a name that is an absolute path": _field(name="/etc/passwd"),
    "half a character": _field(name="\ud800"),
    "a kind that isn't": _field(kind="!!python/object"),
    "a number that no float holds": _field(seen={"missing": False, "minimum": 0, "maximum": 10**400}),
    "no number": _field(seen={"missing": False, "minimum": float("nan")}),
    "a text for a number": _field(seen={"missing": False, "minimum": "0"}),
    "a list for a value": _field(example=[1]),
    "a key too few": {key: value for key, value in TRUTH.items() if key != "labels"},
    "a type that pandas would look up": _lie("columns", ["float64", "datetime64[ns, ../../x]"]),
    "a task that isn't": _lie("task", "evil"),
    "too few types": _lie("columns", ["float64"]),
    "rows that are too long": _lie("rows", [[1.0, 2.0, 3.0]]) | {"answers": [1]},
    "answers without rows": _lie("answers", [1, 1]),
    "a thousand rows": _lie("rows", [[1.0, 2.0]] * 1000) | {"answers": [1] * 1000},
    "a metric without end": _lie("metrics", [{"name": "accuracy\n---", "value": 1.0}]),
    "a metric that no float holds": _lie("metrics", [{"name": "rows", "value": 10**400}]),
    "two answers to a row of one target": _lie("rows", [[1.0, 2.0]]) | {"answers": [[0, 1]]},
    "one answer to a row of two targets": _lie("rows", [[1.0, 2.0]]) | {"answers": [1], "also": [{"labels": None}]},
    "a list within an answer": _lie("rows", [[1.0, 2.0]]) | {"answers": [[0, [1]]], "also": [{"labels": None}]},
    "targets without end": _lie("also", [{"labels": None}] * 1000),
    "a target that is a path": _lie("also", [{"labels": None, "target": "../x"}]),
    "labels that aren't": _lie("labels", [{"x": 1}]),
    "an example that is too long": _lie("examples", [{"answer": 0, "values": [1.0, 2.0, 3.0]}]),
    "an interval without end": _lie("labels", None) | {"interval": {"margin": 1e999, "coverage": 0.9, "rows": 60}},
    "a list": [1],
    "nothing": {},
    "a file that doesn't come": TRUTH | {"attached": 10},
    "a file of a tebibyte": TRUTH | {"attached": 1 << 40},
}
"""What is wrong with an answer → the answer."""
