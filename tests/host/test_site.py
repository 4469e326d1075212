"""The site: its configuration, and what it answers through the socket and through its server names."""

import json
import re
import secrets

import pytest
from puerto.golden import DEFAULT_TOLERANCE

from tests.host.conftest import example

MOST_ROWS = 20


def test_configuration_is_valid(host):
    assert host.run("nginx -q -t").rc == 0


def test_nginx_runs_and_starts_at_boot(host):
    nginx = host.service("nginx")
    assert nginx.is_enabled
    assert nginx.is_running


def test_default_site_is_out_of_the_way(host):
    assert not host.file("/etc/nginx/sites-enabled/default").exists


def test_site_is_the_current_release_s(host, values, release):
    link = host.file(f"/etc/nginx/sites-enabled/{values['app_name']}")
    assert link.linked_to == f"{values['app_root']}/releases/{release}/site.conf"
    assert host.file(f"/etc/nginx/sites-available/{values['app_name']}").linked_to == link.linked_to


def test_application_answers_through_the_socket(ask, socket, default_model):
    answer = ask("/modelo", row=example(default_model), socket=socket)
    assert answer.status == 200, answer.body
    assert list(json.loads(answer.body)) == ["predict"]


def test_site_predicts_by_each_server_name(ask, values, default_model):
    for name in values["nginx_server_names"]:
        answer = ask("/modelo", row=example(default_model), name=name)
        assert answer.status == 200, (name, answer.body)


def test_site_lists_its_models(ask, models):
    answer = ask("/")
    assert answer.status == 200
    assert all(f'href="/models/{name}"' in answer.body for name in models)


def test_each_model_has_its_form(ask, models):
    for name, card in models.items():
        answer = ask(f"/models/{name}")
        assert answer.status == 200, name
        assert answer.body.count(' id="field-') >= len(card["contract"]["fields"]), name


def test_each_model_answers_as_it_did_when_it_was_built(host, ask, values, models):
    for name in models:
        file = host.file(f"{values['app_root']}/current/bundles/{name}/model.json")
        manifest = json.loads(file.content_string)
        golden, tolerance = manifest["golden"][:MOST_ROWS], manifest.get("tolerance", DEFAULT_TOLERANCE)
        answer = ask(f"/api/v1/models/{name}/predictions", row=json.dumps([each["row"] for each in golden]))
        assert answer.status == 200, (name, answer.body)
        for each, found in zip(golden, json.loads(answer.body)["predictions"], strict=True):
            expected = each["value"]
            if isinstance(expected, float):
                expected = pytest.approx(expected, rel=tolerance["relative"], abs=tolerance["absolute"])
            assert found["value"] == expected, (name, each["row"])


def test_wrong_row_gets_a_sentence_per_field(ask, default_model):
    answer = ask("/modelo", row="{}")
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    required = {field["name"] for field in default_model["contract"]["fields"]
                if not field["missing"] and "default" not in field}  # fmt: skip
    assert {each["field"] for each in json.loads(answer.body)["errors"]} == required


def test_body_above_the_limit_is_refused_in_the_site_s_words(ask, values):
    answer = ask("/modelo", row="0" * (values["app_max_body_kib"] * 1024 + 1))
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(answer.body)["detail"]


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
    answer = ask("/modelo", row=json.dumps({mark: 1}))
    wanted = f"journalctl --unit='{values['systemd_unit']}*' --output=cat --lines=200"
    lines = [json.loads(line) for line in host.check_output(wanted).splitlines() if line.startswith("{")]
    found = [line for line in lines if line.get("request_id") == answer.headers["X-Request-ID"]]
    assert [(line["route"], line["status"]) for line in found] == [("/modelo", 422)]
    assert mark not in host.check_output(wanted)


def test_release_that_answers_is_the_current_one(host, ask, values):
    current = host.file(f"{values['app_root']}/current").linked_to.rpartition("/")[2]
    answer = ask("/health")
    assert json.loads(answer.body)["release"] == current
    assert answer.headers["X-Release"] == current


def test_nginx_serves_static_files_itself(ask):
    answer = ask("/static/style.css")
    assert answer.status == 200
    assert "X-Release" not in answer.headers, "the application answered"


@pytest.mark.parametrize("name", ["elsewhere.example", "127.0.0.1"])
def test_unknown_host_is_refused(ask, name):
    assert ask("/", name=name) is None


def test_visits_are_logged(host, ask, values):
    mark = f"/visit-{secrets.token_hex(8)}"
    assert ask(mark).status == 404
    assert mark in host.check_output(f"tail --lines=20 {values['nginx_access_log']}")
    assert host.file(values["nginx_error_log"]).exists


def test_version_of_nginx_is_not_told(ask):
    assert not re.search(r"\d", ask("/").headers["Server"])
