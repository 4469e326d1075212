"""The site: its configuration, and what it answers through the socket and through its server names."""

import json
import re
import secrets
import shlex
import time
from typing import Any

import pytest
from puerto.golden import DEFAULT_TOLERANCE, is_equal
from puerto.layout import ENABLED, LATE
from testinfra.host import Host

from tests.host.conftest import example

JOURNAL_SECONDS = 5
"""Within which a line that was logged is in the journal, also of a busy host."""

MOST_ROWS = 20
NEIGHBOURS = """
import json
from puerto.neighbours import Neighbours, is_debians_default
print(json.dumps({"default_server": Neighbours.here().default_server, "debians_default": is_debians_default()}))
"""


def test_configuration_is_valid(host):
    assert host.run("nginx -q -t").rc == 0


def test_nginx_runs_and_starts_at_boot(host):
    nginx = host.service("nginx")
    assert nginx.is_enabled
    assert nginx.is_running


@pytest.fixture(scope="module")
def neighbours(host: Host, values: dict[str, Any]) -> dict[str, Any]:
    """What the release's own program says of the other sites of this host's Nginx."""
    program = shlex.quote(NEIGHBOURS)
    return json.loads(host.check_output(f"cd {values['app_root']}/current && python3 -c {program}"))


def test_debian_s_default_site_is_removed(neighbours):
    assert not neighbours["debians_default"]


def test_site_is_the_current_release_s(host, values, release):
    links = [host.file(f"{ENABLED}/{prefix}{values['app_name']}") for prefix in ("", LATE)]
    (link,) = [link for link in links if link.exists]
    assert link.linked_to == f"{values['app_root']}/releases/{release}/site.conf"
    assert host.file(f"/etc/nginx/sites-available/{values['app_name']}").linked_to == link.linked_to


def test_application_answers_through_the_socket(ask, socket, default_model):
    response = ask("/modelo", row=example(default_model), socket=socket)
    assert response.status == 200, response.body
    assert list(json.loads(response.body)) == ["predict"]


def test_site_predicts_by_each_server_name(ask, values, default_model):
    for name in values["nginx_server_names"]:
        response = ask("/modelo", row=example(default_model), name=name)
        assert response.status == 200, (name, response.body)


def test_site_lists_its_models(ask, models):
    response = ask("/")
    assert response.status == 200
    assert all(f'href="/models/{name}"' in response.body for name in models)


def test_each_model_has_its_form(ask, models):
    for name, card in models.items():
        response = ask(f"/models/{name}")
        assert response.status == 200, name
        assert response.body.count(' id="field-') >= len(card["contract"]["fields"]), name


def test_each_model_answers_as_it_did_when_it_was_built(host, ask, values, models):
    for name in models:
        file = host.file(f"{values['app_root']}/current/bundles/{name}/model.json")
        manifest = json.loads(file.content_string)
        golden_rows, tolerance = manifest["golden"][:MOST_ROWS], manifest.get("tolerance", DEFAULT_TOLERANCE)
        response = ask(f"/api/v1/models/{name}/predictions", row=json.dumps([golden["row"] for golden in golden_rows]))
        assert response.status == 200, (name, response.body)
        for golden, prediction in zip(golden_rows, json.loads(response.body)["predictions"], strict=True):
            assert is_equal(golden["value"], prediction["value"], tolerance), (name, golden["row"])


def test_wrong_row_gets_a_sentence_per_field(ask, default_model):
    response = ask("/modelo", row="{}")
    assert (response.status, response.headers["Content-Type"]) == (422, "application/problem+json")
    fields = default_model["contract"]["fields"]
    required = {field["name"] for field in fields if not field["missing"] and "default" not in field}
    assert {error["field"] for error in json.loads(response.body)["errors"]} == required


def test_body_above_the_limit_is_refused_by_the_application(ask, values):
    response = ask("/modelo", row="0" * (values["app_max_body_kib"] * 1024 + 1))
    assert (response.status, response.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(response.body)["detail"]


def test_protocols_answer(ask, models):
    assert ask("/ping").status == 200
    assert json.loads(ask("/v2/health/ready").body) == {"ready": True}
    for name in models:
        assert json.loads(ask(f"/v2/models/{name}/ready").body)["ready"], name


def test_documents_are_served_from_here(ask):
    assert json.loads(ask("/api/v1/openapi.json").body)["openapi"].startswith("3.1")
    assert ask("/swagger/swagger-ui-bundle.js").status == 200
    assert ask("/api/docs").status == 200


def test_requests_have_one_line_in_the_journal_without_their_inputs(host, ask, values):
    mark = secrets.token_hex(8)
    response = ask("/modelo", row=json.dumps({mark: 1}))
    command = f"journalctl --unit='{values['systemd_unit']}*' --output=cat --lines=200"
    deadline = time.monotonic() + JOURNAL_SECONDS
    while not (entries := _entries(host, command, response.headers["X-Request-ID"])) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [(line["route"], line["status"]) for line in entries] == [("/modelo", 422)]
    assert mark not in host.check_output(command)


def _entries(host: Host, command: str, request_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in host.check_output(command).splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("request_id") == request_id]


def test_release_that_answers_is_the_current_one(host, ask, values):
    current = host.file(f"{values['app_root']}/current").linked_to.rpartition("/")[2]
    response = ask("/health")
    assert json.loads(response.body)["release"] == current
    assert response.headers["X-Release"] == current


def test_nginx_serves_static_files_itself(ask):
    response = ask("/static/style.css")
    assert response.status == 200
    assert "X-Release" not in response.headers, "the application answered"


@pytest.mark.parametrize("name", ["elsewhere.example", "127.0.0.1"])
def test_unknown_host_is_refused_or_another_site_s(ask, neighbours, name):
    response = ask("/", name=name)
    if neighbours["default_server"]:
        assert response is None or "X-Release" not in response.headers, "the application answered"
    else:
        assert response is None


def test_visits_are_logged(host, ask, values):
    mark = f"/visit-{secrets.token_hex(8)}"
    assert ask(mark).status == 404
    log = values["nginx_access_log"]
    assert mark in host.check_output(f"tail --lines=10000 {log} | grep --fixed-strings {mark} || true")
    assert host.file(values["nginx_error_log"]).exists


def test_version_of_nginx_is_not_disclosed(ask):
    assert not re.search(r"\d", ask("/").headers["Server"])
