"""The table that a person uploads on a model's page: it comes back as a file, or is refused beside its input."""

import html
import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.csrf import token


def upload(client: FlaskClient, name: str, data: bytes, file: str = "table.csv", language: str = "en") -> TestResponse:
    headers = {"Accept-Language": language}
    page = client.get(f"/models/{name}", headers=headers).text
    form = {"csrf_token": token(page), "table": (io.BytesIO(data), file)}
    return client.post(f"/models/{name}/table", data=form, headers=headers)


def test_table_comes_back_as_a_file(client):
    response = upload(client, "exam", b"estudio,sueno\n6,8\n")
    assert response.status_code == 200
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="exam.csv"'
    assert response.text.splitlines()[0] == "estudio,sueno,prediction,probability,warning,error"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "The table is empty"),
        (b"a,suen\n1,2\n", "The table is missing these columns: estudio, sueno (“suen”?)."),
        (b"estudio\n1\n", "The table is missing these columns: sueno"),
        (b"estudio,estudio,sueno\n1,2,3\n", "The column “estudio” appears twice"),
        ("estudio,sueño\n".encode("cp1252"), "is missing these columns: sueno (“sueño”?)"),
        (b"estudio,sueno\x81\n", "The file is not text"),
        (b"PK\x03\x04\0\0\0", "The workbook can't be read"),
    ],
)
def test_table_that_does_not_fit_is_refused_beside_its_input(client, data, text):
    response = upload(client, "exam", data)
    assert response.status_code == 422
    assert text in html.unescape(response.text)
    assert 'aria-invalid="true" aria-describedby="table-error"' in response.text


def test_table_that_was_not_chosen(client):
    page = client.get("/models/exam", headers={"Accept-Language": "en"}).text
    form = {"csrf_token": token(page), "table": (io.BytesIO(), "")}
    response = client.post("/models/exam/table", data=form, headers={"Accept-Language": "en"})
    assert (response.status_code, "Choose a table file (CSV or xlsx)." in response.text) == (422, True)


def test_table_of_another_site_is_refused(client):
    response = client.post("/models/exam/table", data={"table": (io.BytesIO(b"estudio,sueno\n"), "t.csv")})
    assert response.status_code == 400


def test_table_larger_than_the_form_s_own_texts_is_taken(client):
    response = upload(client, "exam", b"estudio,sueno\n" + b"6,8\n" * 12_000)
    assert (response.status_code, response.text.count("Aprobado")) == (200, 12_000)


MAIN = re.compile(r'<main[^>]*>\s*<div class="alert[^"]*" role="alert" tabindex="-1" autofocus>(.*?)</div>', re.S)
"""What stands first on a page, and has the focus, where something is refused."""


@pytest.mark.parametrize("language", ["es", "en"])
def test_refused_table_is_said_first_with_a_link_to_its_input(client, language):
    page = upload(client, "exam", b"estudio\n1\n", language=language).text
    assert "<title>Error: " in page
    label = {"es": "Tabla", "en": "Table"}[language]
    assert f'<a class="alert-link" href="#table-file">{label}</a>: ' in MAIN.search(page)[1]
    assert page.count('role="alert"') == page.count(" autofocus") == 1


@pytest.mark.parametrize(
    ("name", "sentences"),
    [("exam", ["Necesita estas columnas: <code>estudio</code>, <code>sueno</code>."]),
     ("every_kind", ["Necesita estas columnas: <code>altura (cm)</code>, <code>nota</code>.",
                     "También puede tener: <code>niños</code>, <code>sí/no</code>"])],
)  # fmt: skip
def test_page_says_which_columns_a_table_needs_and_which_it_may_have(client, name, sentences):
    page = client.get(f"/models/{name}", headers={"Accept-Language": "es"}).text
    assert [sentence for sentence in sentences if sentence not in page] == []
    assert ("También puede tener" in page) == (name == "every_kind")
    assert ".xlsx" in page
