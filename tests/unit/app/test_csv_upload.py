"""The table that a person uploads on a model's page: it comes back as a file, or is refused beside its input."""

import html
import io

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.conftest import token


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
    assert response.text.splitlines()[0] == "estudio,sueno,prediction,probability,error"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "The table is empty"),
        (b"a,b\n1,2\n", "The column “a” is not a field of this model"),
        (b"estudio\n1\n", "The table is missing these columns: sueno"),
        (b"estudio,estudio,sueno\n1,2,3\n", "The column “estudio” appears twice"),
        ("estudio,sueño\n".encode("latin-1"), "The file is not UTF-8"),
        (b"PK\x03\x04\0\0\0", "The file is not text"),
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
    assert (response.status_code, "Choose a table file (CSV)." in response.text) == (422, True)


def test_table_of_another_site_is_refused(client):
    response = client.post("/models/exam/table", data={"table": (io.BytesIO(b"estudio,sueno\n"), "t.csv")})
    assert response.status_code == 400
