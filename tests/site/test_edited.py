"""A release that somebody has edited on its host: found, said, and mended while visitors are served."""

import json

import pytest

from tests.site.common import current, must_have_failed_none, play

pytestmark = pytest.mark.debian(12)

EDITS = """cd {app_root}/current
    echo '# by hand' >> app/health.py; echo 'x = 1' > app/more.py; rm app/static/style.css; chmod 0666 wsgi.py
    ln -sfn /tmp/x {systemd_unit}.sock; chown {app_user} bundles"""
SENTENCES = (
    "app/health.py: was changed", "app/more.py: was added", "app/static/style.css: was removed",
    "wsgi.py: has mode 0666, not 0640", ".sock: points to /tmp/x, not to /run/", "bundles: belongs to ",
)  # fmt: skip
OPTION = ("-e", "app_max_rows=3105")


def test_edited_release_is_found_and_mended_without_a_failed_request(hosts, project, on, load):
    """The release before, which is warm, answers while the mended one starts."""
    assert play(hosts, project, *OPTION).returncode == 0
    now = current(hosts, on)
    with load() as visitors:
        for name, host in hosts.by_name.items():
            on(host, EDITS.format_map(hosts.values[name]))
        verified = hosts.verify("-k", "as_they_were_made").stdout
        run = play(hosts, project, *OPTION)
        assert run.returncode == 0, run.stdout
    must_have_failed_none(visitors, 100)
    for sentence in SENTENCES:
        assert verified.count(sentence) >= len(now), (sentence, verified)
    output = " ".join(run.stdout.split())  # YAML folds long lines
    for sentence in SENTENCES[:3]:
        assert output.count(sentence) >= len(now), (sentence, run.stdout)
    assert current(hosts, on) == now, "its content is the same again, and so is its name"
    assert hosts.verify("-k", "as_they_were_made").returncode == 0
    again = play(hosts, project, *OPTION)
    assert again.stdout.count("changed=0") == len(now), again.stdout


@pytest.mark.long
def test_regression_a_hair_off_is_a_good_release(hosts, project):
    """An engine may answer 1e-8 from what scikit-learn does, which is recorded; gates and host tests agree on it."""
    file = project / "bundles" / "diabetes" / "model.json"
    before = file.read_text()
    manifest = json.loads(before)
    for row in manifest["golden"]:
        row["value"] *= 1 + 1e-8
    file.write_text(json.dumps(manifest))
    try:
        run = play(hosts, project)
        assert run.returncode == 0, run.stdout
        verified = hosts.verify("-k", "answers_as_it_did")
        assert verified.returncode == 0, verified.stdout
    finally:
        file.write_text(before)
