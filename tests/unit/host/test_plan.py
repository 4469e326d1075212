"""What a host is to release, and for whom: complete, or refused with a sentence per error before anything is done."""

import json
import sys

import pytest
from puerto.errors import HostError
from puerto.layout import Application
from puerto.plan import Operator, Plan

from tests.plans import SENT, store


def test_id_of_a_release_depends_on_what_identifies_it():
    plan = Plan.read(SENT)
    assert plan.virtualenv == f"virtualenvs/0123456789ab-{sys.version_info.major}.{sys.version_info.minor}"
    assert plan.settings == {"APP_MAX_BODY_KIB": "64", "APP_MAX_ROWS": "100"}
    others = {Plan.read(SENT | {name: "another"}).id for name in ("content", "unit_text", "site_text")}
    others.add(Plan.read(SENT | {"settings": SENT["settings"] | {"APP_MAX_ROWS": 101}}).id)
    assert len(others | {plan.id}) == 5
    assert Plan.read(SENT | {"kept": 7, "archive": "/elsewhere.tar.gz"}).id == plan.id


ERRORS = {
    "kept: is missing": lambda plan: plan.pop("kept"),
    "kept: is '5', not a whole number, 0 or more": lambda plan: plan.update(kept="5"),
    "p99_ms: is True, not a whole number, 0 or more": lambda plan: plan.update(p99_ms=True),
    "warm_seconds: is -1, not a whole number, 0 or more": lambda plan: plan.update(warm_seconds=-1),
    "unit: is '', not a non-empty string": lambda plan: plan.update(unit=""),
    "server_names: is [], not a list of non-empty strings": lambda plan: plan.update(server_names=[]),
    "server_names: is 'a.example', not a list of non-empty strings": lambda plan: plan.update(server_names="a.example"),
    "settings: is {}, not settings with numbers for APP_MAX_BODY_KIB and APP_MAX_ROWS": (
        lambda plan: plan.update(settings={})
    ),
    "manifest: is None, not a mapping": lambda plan: plan.update(manifest=None),
    "keep: is no field of a plan": lambda plan: plan.update(keep=5),
    "id: is no field of a plan": lambda plan: plan.update(id="0123456789ab"),
}
"""Error → the change of a plan that causes it."""


@pytest.mark.parametrize("sentence", ERRORS)
def test_error_in_a_plan_is_reported(sentence):
    plan = dict(SENT)
    ERRORS[sentence](plan)
    with pytest.raises(HostError) as error:
        Plan.read(plan)
    assert str(error.value) == f"plan: {sentence}"


def test_errors_are_reported_together():
    with pytest.raises(HostError) as error:
        Plan.read(SENT | {"kept": "5", "user": None})
    assert str(error.value).splitlines() == [
        "plan: user: is None, not a non-empty string",
        "plan: kept: is '5', not a whole number, 0 or more",
    ]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "operator: is None, not a mapping"),
        ({"name": "ada"}, "operator: origin: is missing"),
        ({"name": "", "origin": "laptop"}, "operator: name: is '', not a non-empty string"),
    ],
)
def test_error_in_an_operator_is_reported(value, sentence):
    with pytest.raises(HostError) as error:
        Operator.read(value)
    assert str(error.value) == sentence
    assert str(Operator.read({"name": "ada", "origin": "laptop:/home/ada"})) == "ada on laptop:/home/ada"


def test_stored_plan_is_read_again_and_keeps_its_id(tmp_path):
    application, plan = Application(tmp_path, "flask_app"), Plan.read(SENT)
    folder = application.folder(plan.id)
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(plan.as_json("2026-11-26T00:00:00Z"))
    stored = application.plan(plan.id)
    assert (stored.id, stored.virtualenv, stored.at) == (plan.id, plan.virtualenv, "2026-11-26T00:00:00Z")
    assert json.loads((folder / "plan.json").read_text()).keys() == SENT.keys() | {"id", "at"}, (
        "earlier versions read it too"
    )


def test_plan_of_another_version_is_read(tmp_path):
    """An earlier version had numbers among the settings; a later one may have more fields."""
    application = Application(tmp_path, "flask_app")
    store(application, "a" * 12, colour="blue")
    assert application.plan("a" * 12).settings["APP_MAX_ROWS"] == "100"
    store(application, "b" * 12, server_names=[])
    with pytest.raises(HostError, match=r"plan\.json: server_names: is \[\], not a list of non-empty strings"):
        application.plan("b" * 12)
