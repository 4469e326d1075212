"""The deadline on whole hosts: what hangs is answered, isn't asked of the release before, and costs nobody else."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.rehearsal import hosts as rehearsal
from tests.site.common import must_have_failed_none, play
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

SECONDS = 3
LATE = 5
"""Seconds after which Nginx would have given up itself."""

HANGING = """
import re, time
_compute = Onnx.compute


def _hang(self, rows):
    for row in rows:
        if row[0] == 23.75:
            time.sleep(3600)
        if row[0] == 23.5:
            re.fullmatch("(a+)+", "a" * 40 + "b")
    return _compute(self, rows)


Onnx.compute = _hang
"""
"""In the kernel for one row, in C that holds the interpreter for another."""


@pytest.fixture(scope="module")
def hanging(hosts: Hosts, project: Path) -> Iterator[None]:
    """A host whose current release hangs for two rows, and whose release before, still warm, doesn't."""
    engine = project / "app" / "engines" / "onnx.py"
    before = engine.read_text()
    engine.write_text(before + HANGING)
    try:
        run = play(hosts, project, "-e", f"app_request_timeout={SECONDS}")
    finally:
        engine.write_text(before)
    assert run.returncode == 0, run.stdout
    yield
    assert hosts.play(playbook="ansible/release.yml").status == 0


def ask(hosts: Hosts, host: rehearsal.Host, hours: float) -> tuple[requests.Response, float]:
    started = time.monotonic()
    answer = requests.post(
        f"http://{host.address}/api/v1/models/exam/predictions",
        json={"estudio": hours, "sueno": 8},
        headers={"Host": hosts.values[host.name]["nginx_server_names"][0]},
        timeout=60,
    )
    return answer, time.monotonic() - started


def lines(hosts: Hosts, host: rehearsal.Host, on: Callable[..., str], message: str) -> list[dict[str, Any]]:
    unit = hosts.values[host.name]["systemd_unit"]
    journal = on(host, f"journalctl --unit='{unit}*' --output=cat --since=-2min")
    entries = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    return [line for line in entries if message in line["message"]]


def test_request_that_hangs_is_answered_while_all_others_are(hanging, hosts, host, on, load):
    with load(fast=True) as visitors:
        answer, seconds = ask(hosts, host, 23.75)
        time.sleep(3)  # its worker is replaced meanwhile
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["X-Release"], "Gunicorn's answer, not Nginx's"
    assert SECONDS <= seconds < SECONDS + LATE
    must_have_failed_none(visitors, 100)
    (line,) = lines(hosts, host, on, "took longer than")
    assert (line["model"], line["request_id"]) == ("exam", answer.headers["X-Request-ID"])
    assert lines(hosts, host, on, "is replaced")


def test_request_that_holds_the_interpreter_is_not_handed_to_the_release_before(hanging, hosts, host, on):
    """That one would answer it here; where it has the same fault, it would lose its workers too."""
    answer, seconds = ask(hosts, host, 23.5)
    assert answer.status_code == 503
    assert "X-Release" not in answer.headers, "Nginx's answer"
    assert SECONDS <= seconds < SECONDS + LATE
    (line,) = lines(hosts, host, on, "ended with its worker")
    assert line["model"] == "exam"
    again, _ = ask(hosts, host, 6)
    assert again.status_code == 200
