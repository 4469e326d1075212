"""A model that loses its fast engine is reported: when it is built, and by the release that brings it to a host."""

import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from app import engines as app_engines
from app.model import FILES
from deploy.base import engines
from deploy.base.console import Console
from deploy.base.paths import KIT, MODELS
from deploy.cli import output, report_page
from deploy.environments.inventory import Environment
from deploy.environments.playbook import Outcome
from deploy.models import builder, equivalence
from deploy.models.compiler.graph import Unsupported


def raise_attribute_error(*_: object) -> NoReturn:
    raise AttributeError("'LogisticRegression' object has no attribute 'coef_'")


def raise_unsupported(*_: object) -> NoReturn:
    raise Unsupported("LogisticRegression of a kind that has no graph")


@pytest.fixture(params=[raise_attribute_error, raise_unsupported])
def bundles_before_and_now(
    request: pytest.FixtureRequest, bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """The folder of exam's bundle on ONNX Runtime, and of the one after its graph failed."""
    shutil.copytree(MODELS / "exam", tmp_path / "models" / "exam")
    shutil.copytree(bundles / "exam", tmp_path / "now" / "exam")
    (tmp_path / "models" / "exam" / "notes.md").write_text("Another scikit-learn: a source that has changed.")
    monkeypatch.setattr(equivalence, "compiled", request.param)
    monkeypatch.setattr(builder, "MODELS", tmp_path / "models")
    monkeypatch.setattr(builder, "BUNDLES", tmp_path / "now")
    return bundles, tmp_path / "now"


def test_build_reports_a_model_that_lost_its_engine(bundles_before_and_now, capsys):
    assert builder.main() == 0
    printed = capsys.readouterr()
    assert "exam: built" in printed.out
    assert printed.err.startswith("exam: ran on ONNX Runtime, now runs on scikit-learn (")
    assert "µs per row instead of" in printed.err
    why = json.loads((bundles_before_and_now[1] / "exam" / "model.json").read_text())["proof"]["why"]
    assert "LogisticRegression" in why
    assert why in printed.err
    assert builder.main() == 0
    assert capsys.readouterr().err == "", "once is enough"


def test_reason_names_the_place_in_our_code():
    with pytest.raises(AttributeError) as fault:
        raise_attribute_error()
    place = f"(tests/unit/deploy/{Path(__file__).name}, {raise_attribute_error.__name__})"
    assert equivalence._failure(fault.value).endswith(f"'coef_' {place}")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The programs of a host."""
    monkeypatch.syspath_prepend(KIT / "ansible" / "module_utils")
    yield
    for name in [name for name in sys.modules if name == "puerto" or name.startswith("puerto.")]:
        del sys.modules[name]


def test_release_reports_a_model_that_lost_its_engine(bundles_before_and_now, host, tmp_path, monkeypatch):
    """By what the host finds in the release that runs and in the new one, whatever was built here between them."""
    from puerto.deployment import Deployment
    from puerto.layout import Application
    from puerto.plan import Operator

    from tests.plans import store

    builder.build_all()
    application = Application(tmp_path / "www", "flask_app")
    for release_id, folder in zip(("a" * 12, "b" * 12), bundles_before_and_now, strict=True):
        shutil.copytree(folder, application.folder(release_id) / "bundles")
        store(application, release_id)
    application.link("current", "a" * 12)
    release = Deployment(application, application.plan("b" * 12), Operator("ada", "laptop")).report
    release |= {"seconds": {"prepare": 1.0}}
    console = Console("test", io.StringIO())
    output.show_release(console, "web1", {"release": release})
    (line,) = [line for line in console.stream.getvalue().splitlines() if "slower" in line]
    console.log.close()
    assert line.startswith("  slower       exam: ran on ONNX Runtime, now runs on scikit-learn (")
    assert "reason: " in line
    assert "LogisticRegression" in line
    monkeypatch.setattr(report_page, "BUNDLES", tmp_path / "now")
    report = {"address": "", "url": "", "server_names": [], "release": release}
    page = report_page.write(Environment("downgrade", tmp_path / "hosts.yml"), Outcome(reports={"web1": report}))
    assert "exam: ran on ONNX Runtime, now runs on scikit-learn" in page.read_text()
    page.unlink()


def test_bundle_that_cannot_be_read_fails_no_release(host, tmp_path):
    from puerto.engines import engines_of
    from puerto.layout import Application

    application = Application(tmp_path, "flask_app")
    for name, text in {"a": "", "b": "[]", "c": "{}", "d": '{"engine": "onnx", "proof": null}'}.items():
        file = application.folder("a" * 12) / "bundles" / name / "model.json"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    assert engines_of(application, "a" * 12) == {}
    assert engines_of(application, None) == {}


def test_engines_have_the_same_names_everywhere():
    assert engines.NAMES == app_engines.NAMES
    assert [*engines.NAMES] == [*FILES]


def test_only_a_slower_engine_is_reported():
    fast, slow = ({"engine": name, "why": "", "us_per_row": 1} for name in engines.NAMES)
    before = {"rose": slow, "stayed": fast, "gone": fast, "strange": {"engine": "x"}}
    assert engines.downgrades(before, {"rose": fast, "stayed": fast, "strange": slow, "new": slow}) == []
    assert len(engines.downgrades({"fell": fast}, {"fell": slow})) == 1
