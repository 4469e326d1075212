"""Compares each kind of estimator with what is compiled of it: ``.venv/bin/python tests/bench/engines.py``.

Prints a Markdown table; the pipelines are those of ``tests/models/mixed.py``, of six mixed fields.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sklearn.base import clone, is_classifier

from app.engines import NAMES
from tests.models.mixed import FITTED, Mixed


def main() -> None:
    """Print the table."""
    print("| estimator | engine | rows | largest difference | µs a row | scikit-learn | times |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for estimator in FITTED.values():
        choice = Mixed(clone(estimator), 3 if is_classifier(estimator) else 0).choice()
        ours, theirs = choice.timings.us_per_row, choice.timings.scikit_learn_us_per_row
        cells = [type(estimator).__name__, NAMES[choice.engine], f"{choice.proof.rows:,}",
                 f"{choice.proof.largest_difference:.0e}" if choice.proof.largest_difference else "0",
                 f"{ours:,.0f}", f"{theirs:,.0f}", f"{theirs / ours:,.0f}"]  # fmt: skip
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
