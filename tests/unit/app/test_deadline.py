"""The deadline: no request is older than its timeout, whatever it hangs in, and no other request suffers."""

import json
import os
import signal
import threading
import time

import pytest

from tests.csrf import token
from tests.hanging import FOREVER
from tests.unit.app.hanging_site import MARGIN, PATH, TIMEOUT, visitors

WORKERS, THREADS = 2, 4


@pytest.mark.parametrize("how", ["sleep", "python", "c"])
def test_request_that_hangs_is_answered_and_no_other_is_lost(site, how):
    with visitors(site, keep_alive=True) as errors:
        status, headers, body, seconds = site.hang(how, **{"Accept-Language": "en"})
        (replaced,) = site.wait_for(1, "is replaced")
        site.wait_for(1, "Booting worker")
    assert errors == []
    assert (status, headers["Content-Type"]) == (503, "application/problem+json"), body
    assert TIMEOUT <= seconds < TIMEOUT + MARGIN
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (503, "Unavailable")
    assert problem["request_id"] == headers["X-Request-ID"]
    assert headers["Cache-Control"] == "no-store"
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"], line["method"]) == (PATH, "hanging", 503, "POST")
    assert TIMEOUT <= line["age_s"] < TIMEOUT + MARGIN
    assert line["request_id"] == problem["request_id"]
    assert "hanging.py" in line["traceback"], "where it hangs"
    assert replaced["level"] == "warning"


def test_request_that_holds_the_interpreter_ends_with_its_worker(site):
    """No thread of that worker can do anything; another worker serves the requests that come meanwhile."""
    with visitors(site, keep_alive=False) as errors:
        status, _, _, seconds = site.hang("gil")
        lines = site.wait_for(1, f"{PATH} ended with its worker")  # a connection that had sent nothing yet has no route
        site.wait_for(1, "Booting worker")
    line = max(lines, key=lambda line: line["age_s"])
    assert status is None
    assert TIMEOUT <= seconds < TIMEOUT + MARGIN
    assert (line["model"], line["method"]) == ("hanging", "POST")
    assert TIMEOUT <= line["age_s"] < TIMEOUT + MARGIN
    assert "hanging.py" in line["traceback"]
    assert len(errors) <= THREADS, errors  # those that this worker had accepted a moment before


@pytest.mark.parametrize("path", ["/modelo", "/invocations", "/models/hanging/invocations"])
def test_line_names_the_model_of_every_protocol(site, path):
    body = {"instances": [{"how": "sleep", "seconds": FOREVER}]} if "invo" in path else None
    connection = site.connect()
    connection.request(
        "POST", path, json.dumps(body or {"how": "sleep", "seconds": FOREVER}), {"Content-Type": "application/json"}
    )
    response = connection.getresponse()
    kind, member = ("application/json", "message") if body else ("application/problem+json", "detail")
    assert (response.status, response.headers["Content-Type"]) == (503, kind)
    assert json.loads(response.read())[member]
    (line,) = site.wait_for(1, "took longer than")
    assert line["route"] == path.replace("hanging", "<name>")
    assert line["model"] == "hanging"
    site.wait_for(1, "Booting worker")


def test_site_comes_back_where_every_thread_of_every_worker_hangs(site):
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(site.hang("sleep")[0])) for _ in range(WORKERS * THREADS * 2)
    ]
    for thread in threads:
        thread.start()
    time.sleep(TIMEOUT / 2)
    started = time.monotonic()
    status = site.hang("nothing", 3)[0]
    assert status == 200, "it waits behind those that hang, and gets its response"
    assert time.monotonic() - started < TIMEOUT + MARGIN
    for thread in threads:
        thread.join()
    assert set(statuses) == {503}, statuses
    lines = site.wait_for(1, "is replaced")  # again for those of its requests that hang later
    replaced = {line["message"].partition(" is ")[0] for line in lines}  # one alone, where the other was still starting
    site.wait_for(len(replaced), "Booting worker")
    assert site.hang("nothing", 3)[0] == 200


def test_person_gets_a_page(site):
    connection = site.connect()
    connection.request("GET", "/models/hanging", headers={"Accept": "text/html"})
    page = connection.getresponse()
    text = page.read().decode()
    assert page.status == 200, text
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = f"csrf_token={token(text)}&how=sleep&seconds={FOREVER}"
    headers = {"Accept": "text/html", "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/models/hanging", form, headers)
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>" in response.read().decode()
    assert site.wait_for(1, "took longer than")[0]["route"] == "/models/<name>"


def test_requests_of_a_killed_worker_are_logged(site):
    thread = threading.Thread(target=site.hang, args=("sleep",))
    thread.start()
    time.sleep(TIMEOUT / 2)
    for worker in site.server.workers:
        os.kill(worker, signal.SIGKILL)
    (line,) = site.wait_for(1, "ended with its worker")
    assert (line["route"], line["model"]) == (PATH, "hanging")
    thread.join()
