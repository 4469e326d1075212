"""A link that holds an answer: the same inputs and answer in a fresh browser, in either language, and nothing kept."""

import html
import json
import re
import shutil
import socket
from urllib.parse import quote

import pytest

from app import create_app, links
from app.settings import Settings
from tests.csrf import token
from tests.served import served

ENTERED = {
    "titanic": {"class": "third", "sex": "female", "age": "adult"},
    "exam": {"estudio": "2,536", "sueno": "7"},
    "every_kind": {"altura (cm)": "-1,25", "niños": "", "sí/no": "", "plan": "20", "nota": "a&b=c; «ñ» 100% +1",
                   "libre": "1e-7", "día": "2026-01-31", "cita": "2026-11-26T10:00"},
}  # fmt: skip
REFUSED = ("GET /models/exam/answer?sueno=s3cret HTTP/1.1", "GET /a?s3cret HTTP/1.1", "GET /a?ñ=s3cret HTTP/1.1",
           "GET /a?s3cret b HTTP/1.1", f"GET /a?{'s3cret' * 900} HTTP/1.1")  # fmt: skip
ANSWER = re.compile(r'<h2 id="answer">(.*?)</h2>|<span class="figure">(.*?)</span>|<dt>(.*?)</dt><dd>(.*?)</dd>')


def link_of(page: str) -> str:
    """Return the address that an answer's page gives for it."""
    return html.unescape(re.search(r'id="link" href="([^"]+)"', page)[1])


@pytest.fixture
def changed(bundles, tmp_path):
    """Return an application whose exam is changed: a part of its contract, or its version."""

    def application(version: str = "", **contract):
        shutil.copytree(bundles / "exam", tmp_path / "exam")
        manifest = json.loads((tmp_path / "exam" / "model.json").read_text())
        manifest["contract"] |= contract
        manifest["version"] = version or manifest["version"]
        (tmp_path / "exam" / "model.json").write_text(json.dumps(manifest))
        return create_app(Settings(app_bundles=tmp_path, secret_key="x" * 32))

    return application


@pytest.mark.parametrize("name", ENTERED)
@pytest.mark.parametrize("language", ["es", "en"])
def test_link_opens_the_same_inputs_and_answer(submit, app, name, language):
    sent = submit(name, ENTERED[name], language="es").text
    if language == "en":
        sent = app.test_client().get(link_of(sent), headers={"Accept-Language": "en"}).text
    fresh = app.test_client().get(link_of(sent), headers={"Accept-Language": language})
    assert fresh.status_code == 200
    assert f'<html lang="{language}">' in fresh.text
    assert ANSWER.findall(fresh.text) == ANSWER.findall(sent)
    assert link_of(fresh.text) == link_of(sent)


def test_link_holds_each_value_of_each_example(app):
    for name, model in app.extensions["models"].items():
        row = [field.example for field in model.contract.fields]
        for missing in (False, True):
            pairs = zip(model.contract.fields, row, strict=True)
            own = [None if missing and field.missing else value for field, value in pairs]
            with app.test_request_context():
                address = links.answer_address(model, own)
            with app.test_request_context(address):
                assert links.rows(model) == [own], name


def test_link_is_in_the_visitor_s_language_with_numbers_as_its_readers_write_them(submit, client):
    link = link_of(submit("exam", ENTERED["exam"], language="es").text)
    assert "estudio=2.536&" in link
    for language, entry in (("es", "2,536"), ("en", "2.536")):
        assert f'value="{entry}"' in client.get(link, headers={"Accept-Language": language}).text


def test_link_keeps_blank_what_was_left_blank(submit, client, monkeypatch):
    """Else what the answer doesn't know is gone from it: a field with a default would be filled in."""
    monkeypatch.setattr("app.pages.is_quick", lambda *_: True)
    answered = submit("every_kind", ENTERED["every_kind"], language="en").text
    opened = client.get(link_of(answered), headers={"Accept-Language": "en"}).text
    compares = html.unescape(re.search(r'formaction="([^"]+)"', opened)[1])
    sent = client.post(compares, data=ENTERED["every_kind"] | {"plan": "10"})
    compared = client.get(sent.headers["Location"], headers={"Accept-Language": "en"}).text
    for page in (answered, opened, compared):
        assert 'name="niños" type="text" value=""' in page and "ni%C3%B1os=&" in link_of(page)
    unknown = [re.findall(r"<li>Children: from", page) for page in (answered, opened)]
    assert unknown[0] == unknown[1] != []
    absent = client.get(link_of(answered).replace("ni%C3%B1os=&", ""))
    assert 'name="niños" type="text" value="0"' in absent.text


def test_link_tells_that_another_version_made_it(submit, changed, client):
    link = link_of(submit("exam", {"estudio": "6", "sueno": "8"}, language="en").text)
    assert "This link was made with version" not in client.get(link, headers={"Accept-Language": "en"}).text
    now = changed(version="0123456789ab").test_client().get(link, headers={"Accept-Language": "en"})
    version = client.get("/api/v1/models/exam").json["version"]
    assert now.status_code == 200
    assert f"made with version {version} of the model. The model is now 0123456789ab" in now.text
    assert "/answer/0123456789ab?" in link_of(now.text)


@pytest.mark.parametrize(
    "version", ["v1", "CALL +1 555 0100", "0123456789AB", "0123456789abc", "０１２３４５６７８９ab"]
)
@pytest.mark.parametrize("query", ["estudio=6&sueno=8", "estudio=99&sueno=8"])
def test_page_repeats_nothing_but_a_version(client, version, query):
    for page in ("answer", "comparison"):
        response = client.get(f"/models/exam/{page}/{quote(version)}?{query}")
        assert response.status_code == 404 and version not in re.sub("<[^>]*>|404", "", response.text)
    sent = client.post(f"/models/exam/comparison/{quote(version)}?{query}", data={"estudio": "1", "sueno": "2"})
    assert sent.status_code == 404


def test_link_without_a_version_fills_the_form_in(client):
    page = client.get("/models/exam/answer?estudio=6&sueno=8&utm_source=mail", headers={"Accept-Language": "en"})
    assert page.status_code == 200 and "made with version" not in page.text


@pytest.mark.parametrize(
    ("query", "sentences"),
    [("estudio=25.5&sueno=8", ['field-0">Hours of study</a>: is out of range', 'value="25.5"', 'value="8"']),
     ("sueno=8", ['field-0">Hours of study</a>: is missing']),
     ("estudio=1&estudio=2&sueno=8", ['field-0">Hours of study</a>: appears twice']),
     ("estudio=1&<b>=1", ["&lt;b&gt;: "])],
)  # fmt: skip
def test_link_that_the_model_refuses_shows_why(client, query, sentences):
    response = client.get(f"/models/exam/answer?{query}", headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert [sentence for sentence in sentences if sentence not in response.text] == []
    assert 'id="answer"' not in response.text


def test_language_switch_keeps_the_answer(submit, client):
    page = submit("exam", ENTERED["exam"], language="es").text
    switch = html.unescape(re.search(r'<a href="(/language/en[^"]*)"', page)[1])
    assert client.get(switch).headers["Location"] == link_of(page)


def test_answer_by_link_is_kept_by_no_cache_and_found_by_no_search_engine(client):
    headers = client.get("/models/exam/answer?estudio=6&sueno=8").headers
    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert headers["Referrer-Policy"] == "same-origin"


def test_contract_can_forbid_links(changed):
    client = changed(links=False).test_client()
    page = client.get("/models/exam").text
    sent = client.post("/models/exam", data={"csrf_token": token(page), "estudio": "6", "sueno": "8"})
    assert 'id="answer"' in sent.text and 'id="link"' not in sent.text
    framed = client.post("/models/exam/embed/es", data={"estudio": "6", "sueno": "8"})
    assert 'id="answer"' in framed.text and 'id="link"' not in framed.text and "formaction" not in sent.text
    assert client.get("/models/exam/answer?estudio=6&sueno=8").status_code == 404
    assert client.get("/models/exam/comparison/0123456789ab?estudio=6&sueno=8").status_code == 404


def test_what_is_too_long_for_a_link_has_none(opinion):
    client = opinion.test_client()
    (model,) = opinion.extensions["models"].values()
    text = "ñ" * min(model.contract.fields[0].maximum_characters, links.ADDRESS_BYTES)
    page = client.get(f"/models/{model.name}", headers={"Accept-Language": "en"}).text
    data = {"csrf_token": token(page), model.contract.fields[0].name: text}
    sent = client.post(f"/models/{model.name}", data=data, headers={"Accept-Language": "en"}).text
    is_long = len(quote(text)) > links.ADDRESS_BYTES - 100
    assert is_long, "the text isn't"
    assert ('id="link"' not in sent) and "too long for a link" in sent
    assert client.get(f"/models/{model.name}/answer?x={'x' * links.ADDRESS_BYTES}").status_code == 414


def test_journal_has_nothing_of_a_query(bundles, tmp_path):
    """Not even Gunicorn's own lines on requests that it refuses, or that nothing answers."""
    shutil.copytree(bundles / "exam", tmp_path / "bundles" / "exam")
    with served(tmp_path / "bundles") as server:
        host, port = server.address.split(":")
        for line in REFUSED:
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                connection.sendall(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                assert connection.recv(1 << 16).startswith(b"HTTP/1.1 4")
    lines = [json.loads(line) for line in (tmp_path / "gunicorn.log").read_text().splitlines() if line.startswith("{")]
    assert any(line["message"].startswith("Invalid request") for line in lines)
    assert "s3cret" not in (tmp_path / "gunicorn.log").read_text()
