"""Compares a table's rows per second with the engine's own, and tells the memory it takes.

``python3 -m deploy model build; .venv/bin/python -m tests.bench.tables [bundles/NAME …]``
"""

import csv
import io
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from app.model import Model, load
from app.tables import BLOCK, Table
from deploy.base.paths import BUNDLES

ROWS, ROUNDS = 100_000, 3


def main(folders: list[Path]) -> None:
    """Print a line for each bundle."""
    print(f"| {ROWS:,} rows | engine rows/s | table rows/s | ratio | memory of {ROWS // 10:,} | of {ROWS:,} |")
    print("|---|--:|--:|--:|--:|--:|")
    for folder in folders:
        print(_line(load(folder)))


def _line(model: Model) -> str:
    rows = [model.validator.typed(row) for row in _rows(model, ROWS)]
    blocks = [rows[start : start + BLOCK] for start in range(0, ROWS, BLOCK)]
    engine = _fastest(lambda: [model.compute(block) for block in blocks])
    data = _table(model, ROWS)
    table = _fastest(lambda: _read(model, data))
    few, many = (_peak(model, _table(model, count)) for count in (ROWS // 10, ROWS))
    return (f"| {model.name} | {ROWS / engine:,.0f} | {ROWS / table:,.0f} | {engine / table:.2f}"
            f" | {few:,} KiB | {many:,} KiB |")  # fmt: skip


def _rows(model: Model, count: int) -> list[dict[str, object]]:
    return [*islice(cycle(golden.row for golden in model.manifest.golden), count)]


def _table(model: Model, count: int) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in model.contract.fields])
    writer.writeheader()
    writer.writerows(_rows(model, count))
    return buffer.getvalue().encode()


def _read(model: Model, data: bytes) -> None:
    for _ in Table(model, io.BytesIO(data), 1000).predicted():
        pass


def _fastest(work: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _peak(model: Model, data: bytes) -> int:
    tracemalloc.start()
    _read(model, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak // 1024


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]] or sorted(BUNDLES.iterdir()))
