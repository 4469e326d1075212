"""Says when a model is served by a slower engine than before; standard library only, for every command tells it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = {"onnx": "ONNX Runtime", "scikit_learn": "scikit-learn"}
"""As `app.engines` names them to people; the fastest first."""

MANIFEST, TIMINGS = "model.json", "timings.json"

Engine = Mapping[str, Any]
"""Of a bundle: ``engine``; ``why`` it isn't a faster one; ``us_per_row``, 0 where that isn't known."""


def of(bundle: Path) -> dict[str, Any] | None:
    """Return a built model's engine; None where there is no bundle, or one that can't be read."""
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        timings = json.loads((bundle / TIMINGS).read_text(encoding="utf-8"))
        return {"engine": manifest["engine"], "why": manifest["proof"]["why"], "us_per_row": timings["us_per_row"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fallen(before: Mapping[str, Engine], now: Mapping[str, Engine]) -> list[str]:
    """Return a sentence for each model that was on a faster engine before."""
    order = [*NAMES]
    both = [(name, before[name], now[name]) for name in sorted(before.keys() & now.keys())]
    return [_sentence(name, was, is_) for name, was, is_ in both
            if {was["engine"], is_["engine"]} <= {*order} and order.index(was["engine"]) < order.index(is_["engine"])
            ]  # fmt: skip


def _sentence(name: str, was: Engine, now: Engine) -> str:
    said = f"{name}: was on {NAMES[was['engine']]}, is on {NAMES[now['engine']]} now"
    if was.get("us_per_row") and now.get("us_per_row"):
        said += f" ({now['us_per_row']:,.0f} µs a row instead of {was['us_per_row']:,.0f})"
    return f"{said}, because: {now['why'] or 'no reason is known'}"
