"""Nginx's kept predictions, asked by several sites' scripts and in several languages, with CORS on."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from deploy.rehearsal import hosts as rehearsal
from tests.site.common import play
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

ALLOWED, OTHER, FOREIGN = "https://a.example", "https://b.example", "https://evil.example"
PATH = "/api/v1/models/exam/prediction"
RIGHT, OPPOSITE = '"Aprobado", "Suspendido")', '"Suspendido", "Aprobado")'
"""What the exam's train.py calls those who pass and those who fail."""


@pytest.fixture(scope="module")
def letting(hosts: Hosts) -> Iterator[None]:
    """A release that lets two sites' scripts in, and after it the one that was."""
    play = hosts.play("-e", json.dumps({"app_cors_origins": [ALLOWED, OTHER]}), playbook="ansible/release.yml")
    assert play.status == 0, play.output
    yield
    assert hosts.play(playbook="ansible/release.yml").status == 0


@pytest.fixture
def get(hosts: Hosts, host: rehearsal.Host) -> Callable[..., requests.Response]:
    """Ask the host's site: path, headers."""
    site = hosts.values[host.name]["nginx_server_names"][0]

    def ask(path: str, **headers: str) -> requests.Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"http://{host.address}{path}", headers={"Host": site} | more, timeout=10)

    return ask


def row(number: float) -> str:
    """Return an address that no other test asks."""
    return f"{PATH}?estudio={number}&sueno=7.25"


@pytest.mark.parametrize("first", [FOREIGN, None, OTHER, ALLOWED])
def test_no_site_s_answer_is_given_to_another_site_s_script(letting, get, first):
    path = row(1 + len(first or "") / 100)
    get(path, **({"Origin": first} if first else {}))
    for origin in (ALLOWED, FOREIGN, None, OTHER, ALLOWED):
        answer = get(path, **({"Origin": origin} if origin else {}))
        expected = origin if origin in (ALLOWED, OTHER) else None
        assert answer.headers.get("Access-Control-Allow-Origin") == expected, (first, origin)
        assert "Origin" in answer.headers["Vary"]
    assert answer.headers["X-Cache"] == "HIT"


def test_foreign_sites_find_what_is_kept_for_all(letting, get):
    get(row(2.5))
    for number in range(3):
        assert get(row(2.5), Origin=f"https://{number}.example").headers["X-Cache"] == "HIT"


def test_visitors_with_cookies_find_what_is_kept_in_their_language(get):
    labels_in = {}
    for language in ("es", "en"):
        for visitor in range(3):
            answer = get(row(3.5), Cookie=f"session=visitor{visitor}; language={language}; other={visitor}")
            assert answer.headers["X-Cache"] == ("HIT" if visitor else "MISS"), (language, visitor)
            assert answer.headers["Content-Language"] == language
            assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", answer.headers["Vary"]))
            labels_in.setdefault(language, set()).add(answer.json()["prediction"]["label"])
    assert [len(labels) for labels in labels_in.values()] == [1, 1]
    assert labels_in["es"] != labels_in["en"]


@pytest.mark.parametrize("cookie", ['language="en"', "language=EN", "language=xx", "language=", "language=en-GB"])
def test_cookie_that_is_no_language_spoils_nobody_s_answer(get, cookie):
    path = row(4 + len(cookie) / 100)
    get(path, Cookie=cookie, Accept_Language="es")
    assert get(path, Accept_Language="es").headers["Content-Language"] == "es"
    assert get(path, Accept_Language="en").headers["Content-Language"] == "en"


def test_unavailable_pages_say_by_what_they_differ(hosts, host, on, get):
    flag = f"{hosts.values[host.name]['app_root']}/shared/maintenance"
    on(host, f"touch {flag}")
    try:
        for path, accept, kind, language in (
            ("/", "text/html", "text/html", "es, en"),
            ("/", "*/*", "application/problem+json", "en"),
            ("/v2/health/ready", "*/*", "application/json", "en"),
            ("/ping", "*/*", "application/json", "en"),
        ):
            answer = get(path, Accept=accept)
            assert (answer.status_code, answer.headers["Content-Type"]) == (503, kind)
            assert answer.headers["Content-Language"] == language
            assert "Accept" in re.split(r",\s*", answer.headers["Vary"])
    finally:
        on(host, f"rm {flag}")


def ask_during_a_release(
    hosts: Hosts, project: Path, get: Callable[..., requests.Response]
) -> tuple[list[tuple[str, str, str]], int]:
    """Ask one address all the time, from before a release until 20 answers after it.

    Returns:
        Of each answer its release, its value and X-Cache; and how many had come when the release was done.
    """
    answers: list[tuple[str, str, str]] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            answer = get(row(8.5))
            if answer.ok:
                value = answer.json()["prediction"]["value"]
                answers.append((answer.headers["X-Release"], value, answer.headers["X-Cache"]))

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            run = play(hosts, project)
            assert run.returncode == 0, run.stdout
            count = len(answers)
            while len(answers) < count + 20:
                assert not asking.done(), asking.result()
                time.sleep(0.1)
        finally:
            enough.set()
    return answers, count


def test_kept_answer_is_never_another_release_s(hosts, host, project, get):
    """The same address through a release whose model says the opposite, asked all the time."""
    training, contract = (project / "models" / "exam" / name for name in ("train.py", "model.yaml"))
    before = training.read_text(), contract.read_text()
    training.write_text(before[0].replace(RIGHT, OPPOSITE))
    contract.write_text(re.sub(r"^examples:\n(  .*\n)+", "", before[1], flags=re.MULTILINE))
    try:
        answers, after = ask_during_a_release(hosts, project, get)
    finally:
        training.write_text(before[0])
        contract.write_text(before[1])
        assert hosts.play(playbook="ansible/release.yml").status == 0
    old, new = answers[0][0], answers[-1][0]
    assert old != new
    assert {(release, value) for release, value, _ in answers} == {(old, "Aprobado"), (new, "Suspendido")}
    assert {release for release, _, kept in answers if kept == "HIT"} == {old, new}
    assert all(release == new for release, _, _ in answers[after + 1 :])
