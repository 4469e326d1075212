"""What the access log tells of refused requests, however long it is and whatever visitors wrote into it."""

from dataclasses import replace
from pathlib import Path

import pytest
from puerto import refusals
from puerto.plan import Plan

from tests.plans import SENT

TIME = "27/Nov/2026:01:15:00 +0000"


def entry(status: int, request: str = "GET /modelo HTTP/1.1", time: str = TIME) -> str:
    return f'192.0.2.7 - - [{time}] "{request}" {status} 190 "-" "curl/8.14 429"\n'


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    text = f"server {{\n    access_log {tmp_path}/access.log;\n}}\n"
    return replace(Plan.read(SENT), site_text=text)


def test_refused_requests_are_counted(plan, tmp_path):
    hostile = entry(200, r"GET /\x22 429 1 HTTP/1.1") + entry(404, "429") + "\x00 429 \n" + entry(499, "")
    (tmp_path / "access.log").write_text(entry(200, time="first") + entry(429) + hostile + entry(429))
    assert refusals.summary(plan) == {"refused": 2, "requests": 6, "since": "first"}


def test_format_of_the_log_may_be_named(plan, tmp_path):
    (tmp_path / "access.log").write_text(entry(429))
    named = replace(plan, site_text=plan.site_text.replace("access.log;", "access.log paths;"))
    assert refusals.summary(named)["refused"] == 1


def test_only_the_end_of_a_long_log_is_read(plan, tmp_path):
    count = 2 * refusals.LAST_BYTES // len(entry(429))
    (tmp_path / "access.log").write_text(entry(429) * count)
    assert 0 < refusals.summary(plan)["refused"] <= count / 2


def test_log_that_is_empty_or_absent_has_nothing_to_tell(plan, tmp_path):
    assert refusals.summary(plan) == {}
    (tmp_path / "access.log").touch()
    assert refusals.summary(plan) == {"refused": 0, "requests": 0, "since": ""}
