"""Hostile workbooks: the next one is answered, and each costs in proportion to what an ordinary one of its size holds.

The milliseconds of the rule are the bench's: ``python3 -m deploy bench --hostile --only workbook``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import siege
from tests.attacks.attack import Target
from tests.attacks.routes import Route
from tests.attacks.workbooks import WORKBOOKS
from tests.meter import Meter
from tests.served import served

HARMLESS = "workbook, harmless"
UPLOAD = Route("POST", "/models/exam/table")
SIZES = (96 << 10, 3 << 20)
MEMORY = 96 * siege.MIB
CPU_MS, CPU_MS_PER_MIB = 200, 100
"""Several times the bench's, since other programs use this machine."""


@pytest.fixture(scope="module")
def besieged(bundles: Path) -> Iterator[tuple[siege.Site, Meter]]:
    with served(bundles, GUNICORN_WORKERS="1") as gunicorn:
        host, port = gunicorn.address.split(":")
        site = siege.Site(host, int(port), "practica_flask")
        site.open_form("/models/exam")
        yield site, Meter(lambda: gunicorn.workers, lambda: gunicorn.workers)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", WORKBOOKS)
def test_costs_no_more_than_its_size_and_a_harmless_one_is_answered_before(besieged, app: Flask, name, size):
    site, meter = besieged
    target = Target(app.extensions["models"]["exam"].contract, size, site.token)
    assert siege.measured(site, meter, UPLOAD, HARMLESS, target).status == 200
    cell = siege.measured(site, meter, UPLOAD, name, target)
    assert not cell.died and cell.status in (200, 422), cell
    assert cell.memory <= MEMORY, cell
    if cell.status == 422:
        assert cell.cpu_ms <= CPU_MS + CPU_MS_PER_MIB * cell.sent / siege.MIB, cell
