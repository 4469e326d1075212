"""A table that was checked is held for minutes: fetched by its page's button, bounded, and nobody else's."""

import html
import io
import os
import re
import tempfile
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.tables import held
from tests.csrf import token
from tests.unit.app.test_csv_upload import upload

TABLE = b"estudio;sueno\n6,5;8\n"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"puerto-tables-{os.getuid()}"


def checked(client: FlaskClient, data: bytes) -> tuple[str, str]:
    """Return the page that answers a table which is checked, and the name by which the table is held."""
    page = client.get("/models/exam", headers=ENGLISH).text
    form = {"csrf_token": token(page), "table": (io.BytesIO(data), "t.csv"), "check": "1"}
    page = client.post("/models/exam/table", data=form, headers=ENGLISH).text
    name = re.search(r'name="held" value="([^"]*)"', page)
    return page, name[1] if name else ""


def fetched(client: FlaskClient, page: str, name: str) -> TestResponse:
    return client.post("/models/exam/table", data={"csrf_token": token(page), "held": name}, headers=ENGLISH)


def content(response: TestResponse) -> bytes:
    """Return a response's body, and close its file, as servers do."""
    data = response.data
    response.close()
    return data


def test_button_gives_what_the_upload_gives(client):
    page, name = checked(client, TABLE)
    response = fetched(client, page, name)
    assert response.headers["Content-Disposition"] == 'attachment; filename="exam.csv"'
    first_click = content(response)
    assert first_click == content(fetched(client, page, name)) == content(upload(client, "exam", TABLE))


def test_page_says_for_how_long(client):
    page, _ = checked(client, TABLE)
    assert "holds the table for 10 minutes at most" in page


@pytest.mark.parametrize("name", ["x" * 43, "../" * 10, "x", "../puerto-tables-0/" + "x" * 43])
def test_unknown_name_is_asked_for_again(client, name):
    page, _ = checked(client, TABLE)
    response = fetched(client, page, name)
    assert response.status_code == 422
    assert "The table isn't held any more: choose it again." in html.unescape(response.text)


def test_what_is_older_than_it_may_be_is_not_fetched_and_is_removed(client, folder):
    page, name = checked(client, TABLE)
    os.utime(folder / name, (0, time.time() - 60 * held.MINUTES - 1))
    assert fetched(client, page, name).status_code == 422
    assert held.clear() == 0 and not [*folder.iterdir()]


def test_another_site_s_form_fetches_nothing(client):
    _, name = checked(client, TABLE)
    assert client.post("/models/exam/table", data={"held": name}).status_code == 400


def test_the_oldest_makes_room(client, folder, monkeypatch):
    monkeypatch.setattr(held, "MOST_BYTES", 2 * len(TABLE))
    names = [checked(client, TABLE)[1] for _ in range(4)]
    for age, name in enumerate(reversed(names[2:])):
        assert (folder / name).exists(), age
    assert len([*folder.iterdir()]) == 2


def test_there_are_few_at_once(client, folder, monkeypatch):
    monkeypatch.setattr(held, "MOST_TABLES", 3)
    for _ in range(6):
        checked(client, TABLE)
    assert len([*folder.iterdir()]) == 3


def test_larger_table_is_summed_up_and_asked_for_again(client, folder, monkeypatch):
    monkeypatch.setattr(held, "MOST_BYTES", 5)
    page, name = checked(client, TABLE)
    assert name == "" and "doesn't hold this table" in html.unescape(page) and not [*folder.iterdir()]


@pytest.mark.parametrize("umask", [0o117, 0o022, 0o000])
def test_nobody_else_can_read_it(client, folder, umask):
    before = os.umask(umask)
    try:
        _, name = checked(client, TABLE)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["link", "open", "file"])
def test_folder_that_another_has_prepared_is_not_used(client, folder, tmp_path, kind):
    (tmp_path / "theirs").mkdir()
    if kind == "link":
        folder.symlink_to(tmp_path / "theirs")
    elif kind == "open":
        folder.mkdir()
        folder.chmod(0o755)
    else:
        folder.write_text("")
    assert checked(client, TABLE)[1] == "" and not [*(tmp_path / "theirs").iterdir()]


def test_worker_that_starts_looks_after_what_another_left(folder, monkeypatch):
    cleared = []
    monkeypatch.setattr(held, "_clear_later", lambda: cleared.append(True))
    held.clear_what_others_left()
    assert cleared == []
    assert held.hold(io.BytesIO(TABLE))
    cleared.clear()
    held.clear_what_others_left()
    assert cleared == [True]
