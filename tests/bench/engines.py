"""Compares each kind of estimator with its compiled graph: ``.venv/bin/python tests/bench/engines.py``.

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
        engine_us, scikit_learn_us = choice.timings.us_per_row, choice.timings.scikit_learn_us_per_row
        difference = choice.proof.largest_difference
        cells = [
            type(estimator).__name__,
            NAMES[choice.engine],
            f"{choice.proof.rows:,}",
            f"{difference:.0e}" if difference else "0",
            f"{engine_us:,.0f}",
            f"{scikit_learn_us:,.0f}",
            f"{scikit_learn_us / engine_us:,.0f}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
