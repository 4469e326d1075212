"""A table that is checked first: what the page says of it; and a table to fill in."""

import html
import io
import re

import pytest
from flask.testing import FlaskClient

from app.tables import summary
from tests.csrf import token
from tests.unit.app.test_csv_upload import upload
from tests.unit.app.test_workbooks import workbook

TABLE = b"curso;estudio;sueno\na;6,5;8\n\nb;1,5;4\nc;99;8\nd;x;-1\n"


def checked(client: FlaskClient, name: str, data: bytes, language: str = "en") -> str:
    headers = {"Accept-Language": language}
    page = client.get(f"/models/{name}", headers=headers).text
    form = {"csrf_token": token(page), "table": (io.BytesIO(data), "t.csv"), "check": "1"}
    response = client.post(f"/models/{name}/table", data=form, headers=headers)
    assert response.status_code == 200 and response.mimetype == "text/html"
    section = re.search(r'<section class="summary screen" aria-labelledby="summary">.*?</section>', response.text, re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", section[0])).split())


def test_summary_counts_rows_and_says_what_is_wrong_where(client):
    text = checked(client, "exam", TABLE)
    assert "Rows: 4; refused: 2; with warnings: 0." in text
    assert re.search(r"Pass\w* 1\b", text)
    assert "line 5: estudio: is out of range: from 0 to 24" in text
    assert "line 6: estudio: is not a number; sueno: is out of range" in text
    assert "columns not used: curso" in text


def test_columns_and_first_rows_are_shown(client):
    text = checked(client, "exam", TABLE)
    assert "curso passes through a b c" in text
    assert re.search(r"estudio [A-Z][\w ]+ 6,5 1,5 99", text)


def test_summary_is_in_spanish(client):
    text = checked(client, "exam", TABLE, "es")
    assert "Filas: 4; rechazadas: 2; con avisos: 0." in text and "vuelve sin usarse" in text


def test_workbook_is_summed_up(client):
    text = checked(client, "exam", workbook([["Notas"], ["estudio", "sueno"], [6.5, 8], [2, 3]]))
    assert "Rows: 2; refused: 0" in text and "line 2 names the columns" in text


def test_numbers_are_summed_up(client):
    example = client.get("/models/diabetes/table.csv", headers={"Accept-Language": "en"}).data
    text = checked(client, "diabetes", example + example.splitlines()[1])
    assert re.search(r"from ([\d.]+) to \1, \1 on average", text)


def test_only_the_first_faults_are_shown(client):
    text = checked(client, "exam", b"estudio,sueno\n" + b"99,8\n" * 5000)
    assert text.count("is out of range") == 20 and "The first 20 are shown." in text


def test_names_and_cells_are_escaped_and_shortened(client):
    page = checked(client, "exam", b"<b>,estudio,sueno\n<i>" + b"x" * 9000 + b",6,8\n")
    assert "<b>" in page and "x" * 97 in page and "x" * 101 not in page


def test_what_is_no_table_is_refused_as_before(client):
    assert upload(client, "exam", b"").status_code == 422


@pytest.mark.parametrize("language", ["es", "en"])
def test_number_in_a_table_to_fill_in_is_not_taken_for_thousands(client, language, monkeypatch):
    contract = client.application.extensions["models"]["exam"].contract
    monkeypatch.setitem(contract.fields[0].__dict__, "example", 2.536)
    text = client.get("/models/exam/table.csv", headers={"Accept-Language": language}).text
    assert {"es": "2,5360", "en": "2.5360"}[language] in text


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("name", ["exam", "titanic", "diabetes"])
def test_table_to_fill_in_is_answered(client, name, language):
    response = client.get(f"/models/{name}/table.csv", headers={"Accept-Language": language})
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}-template.csv"'
    answer = upload(client, name, response.data, language=language).data.decode("utf-8-sig")
    separator = {"es": ";", "en": ","}[language]
    assert answer.splitlines()[1].endswith(separator * 2)  # neither warning nor error


def test_of_a_table_that_takes_long_the_first_rows_are_tried_and_all_are_counted(client, monkeypatch):
    monkeypatch.setattr(summary, "SECONDS", 0)
    monkeypatch.setattr(summary, "AT_ONCE", 0)
    text = checked(client, "exam", b"estudio;sueno\n" + b"6,5;8\n\n" * 1000)
    assert "The table has 1,000 rows. This is what the first of them came to" in text
    assert "Rows: 256; refused: 0; with warnings: 0." in text
    assert "Its predictions take about 5 seconds." in text


def test_table_that_is_tried_at_once_says_nothing_of_time(client):
    text = checked(client, "exam", b"estudio;sueno\n" + b"6,5;8\n" * 1000)
    assert "Rows: 1,000" in text and "The table has" not in text and "take about" not in text


def test_empty_table_takes_no_time(client, monkeypatch):
    monkeypatch.setattr(summary, "SECONDS", 0)
    assert "Rows: 0; refused: 0" in checked(client, "exam", b"estudio;sueno\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1, "5 segundos"), (41, "45 segundos"), (118, "2 minutos"), (121, "3 minutos"), (1e5, "1.667 minutos")],
)  # fmt: skip
def test_wait_is_said_in_round_figures(app, seconds, words):
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert summary.Summary([], 0, [], seconds=seconds).wait == words
