"""Reports models that a slower engine serves than before; standard library only, for every command reports them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = {"onnx": "ONNX Runtime", "scikit_learn": "scikit-learn"}
"""Engine → its name for people, as in `app.engines`; the fastest first."""

MANIFEST, TIMINGS = "model.json", "timings.json"

Engine = Mapping[str, Any]
"""Of a bundle: ``engine``; ``why`` it isn't a faster one; ``us_per_row``, 0 if unknown."""


def of(bundle: Path) -> dict[str, Any] | None:
    """Return a built model's engine; None if there is no bundle, or it can't be read."""
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        timings = json.loads((bundle / TIMINGS).read_text(encoding="utf-8"))
        return {"engine": manifest["engine"], "why": manifest["proof"]["why"], "us_per_row": timings["us_per_row"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def downgrades(before: Mapping[str, Engine], now: Mapping[str, Engine]) -> list[str]:
    """Return a sentence for each model that a faster engine served before."""
    common = sorted(before.keys() & now.keys())
    return [_sentence(name, before[name], now[name]) for name in common if _is_slower(before[name], now[name])]


def _is_slower(before: Engine, now: Engine) -> bool:
    order = [*NAMES]
    if not {before["engine"], now["engine"]} <= {*order}:
        return False
    return order.index(before["engine"]) < order.index(now["engine"])


def _sentence(model: str, before: Engine, now: Engine) -> str:
    sentence = f"{model}: ran on {NAMES[before['engine']]}, now runs on {NAMES[now['engine']]}"
    if before.get("us_per_row") and now.get("us_per_row"):
        sentence += f" ({now['us_per_row']:,.0f} µs per row instead of {before['us_per_row']:,.0f})"
    return f"{sentence}; reason: {now['why'] or 'unknown'}"
