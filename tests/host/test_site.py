"""The site: its configuration, and what it answers through the socket and through its server names."""

import json
import re
import secrets

import pytest

ROW = '{"estudio": 6, "sueno": 8}'


def test_configuration_is_valid(host):
    assert host.run("nginx -q -t").rc == 0


def test_nginx_runs_and_starts_at_boot(host):
    nginx = host.service("nginx")
    assert nginx.is_enabled
    assert nginx.is_running


def test_default_site_is_out_of_the_way(host):
    assert not host.file("/etc/nginx/sites-enabled/default").exists


def test_site_is_linked(host, values):
    link = host.file(f"/etc/nginx/sites-enabled/{values['app_name']}")
    assert link.linked_to == f"/etc/nginx/sites-available/{values['app_name']}"


def test_application_answers_through_the_socket(ask, values):
    answer = ask("/modelo", row=ROW, socket=values["gunicorn_socket"])
    assert (answer.status, json.loads(answer.body)) == (200, {"predict": "Aprobado"})


def test_site_predicts_by_each_server_name(ask, values):
    for name in values["nginx_server_names"]:
        answer = ask("/modelo", row=ROW, name=name)
        assert (answer.status, json.loads(answer.body)) == (200, {"predict": "Aprobado"}), name


def test_site_shows_the_form(ask):
    answer = ask("/")
    assert answer.status == 200
    assert '<input id="estudio"' in answer.body


def test_wrong_row_gets_a_sentence_per_field(ask):
    answer = ask("/modelo", row='{"estudio": "x"}')
    assert answer.status == 422
    assert set(json.loads(answer.body)["errors"]) == {"estudio", "sueno"}


def test_body_above_the_limit_is_refused(ask, values):
    answer = ask("/modelo", row="0" * (values["app_max_body_kib"] * 1024 + 1))
    assert answer.status == 413


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
