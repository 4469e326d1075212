"""Hostile workbooks: the next one is answered, and each costs in proportion to what an ordinary one of its size holds.

The milliseconds of the rule are the bench's: ``python3 -m deploy bench --hostile --only workbook``.
"""

import pytest
from flask import Flask

from tests import siege
from tests.attacks.attack import Target
from tests.attacks.routes import Route
from tests.attacks.workbooks import WORKBOOKS

HARMLESS = "workbook, harmless"
UPLOAD = Route("POST", "/models/exam/table")
SIZES = (96 << 10, 3 << 20)
MEMORY = 96 * siege.MIB
CPU_MS, CPU_MS_PER_MIB = 200, 100
"""Several times the bench's, since other programs use this machine."""


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


def test_zip_counts_as_what_it_holds_only_where_it_is_unpacked(besieged, app: Flask):
    site, meter = besieged
    target = Target(app.extensions["models"]["exam"].contract, SIZES[0], site.token)
    routes = (UPLOAD, Route("POST", "/nothing"))
    there, elsewhere = (siege.measured(site, meter, route, "workbook, zip bomb", target) for route in routes)
    assert there.status not in siege.UNPARSED and elsewhere.status in siege.UNPARSED
    assert there.sent == siege.UNPACKED_FACTOR * elsewhere.sent, "it holds a hundred times as much"
