"""Compares a table's rows per second with the engine's own, and prints the memory it takes.

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
from app.tables import Table
from app.tables.table import BLOCK
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
    engine_s = _fastest(lambda: [model.compute(block) for block in blocks])
    data = _table(model, ROWS)
    table_s = _fastest(lambda: _read(model, data))
    few_kib, many_kib = (_peak_kib(model, _table(model, count)) for count in (ROWS // 10, ROWS))
    speeds = f"{ROWS / engine_s:,.0f} | {ROWS / table_s:,.0f} | {engine_s / table_s:.2f}"
    return f"| {model.name} | {speeds} | {few_kib:,} KiB | {many_kib:,} KiB |"


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
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _peak_kib(model: Model, data: bytes) -> int:
    tracemalloc.start()
    _read(model, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak // 1024


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or sorted(BUNDLES.iterdir()))
