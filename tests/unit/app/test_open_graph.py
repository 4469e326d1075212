"""What a link to a page looks like where it is sent: in the first HTML, by the name of the site that was asked."""

import html
import re
import struct

import pytest

from app import create_app
from app.settings import Settings

HOST = "predict.example.org"


@pytest.fixture(scope="module")
def site(bundles):
    return create_app(Settings(app_bundles=bundles, app_proxies=1, secret_key="x" * 32)).test_client()


def properties(page: str) -> dict[str, str]:
    """Return the page's properties: name → content."""
    pairs = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page.split("</head>")[0])
    return {name: html.unescape(content) for name, content in pairs}


@pytest.mark.parametrize(("language", "title"), [("es", "¿Aprobarás el examen?"), ("en", "Will you pass the exam?")])
@pytest.mark.parametrize("path", ["/models/exam", "/models/exam/answer?estudio=6&sueno=8", "/models/exam/embed/{}"])
def test_model_s_page_has_title_description_and_picture(site, language, title, path):
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Language": language}
    found = properties(site.get(path.format(language), headers=headers).text)
    assert found["og:title"] == title
    assert found["og:description"] == found["description"] != ""
    assert found["og:locale"].startswith(language)
    assert found["og:image"] == f"https://{HOST}/static/preview.png"
    assert "og:url" not in found, "a link to an answer must not become one to the form"


def test_picture_is_as_large_as_the_page_says_and_light(site):
    found = properties(site.get("/", headers={"Host": HOST}).text)
    with site.get("/static/preview.png") as picture:
        assert picture.mimetype == "image/png" and len(picture.data) < 20_000
        width, height = struct.unpack(">II", picture.data[16:24])
    assert (found["og:image:width"], found["og:image:height"]) == (str(width), str(height))
    assert found["og:title"]


def test_error_has_no_preview_of_its_own(site):
    assert "og:title" not in properties(site.get("/nowhere").text)


@pytest.mark.parametrize("host", ['x"><b>', "a b", "ñ", "[::1", "", "@", ":80", "x:99999"])
def test_name_that_is_none_is_no_hole(site, host):
    response = site.get("/", headers={"Host": host})
    assert response.status_code in (200, 400)
    assert "<b>" not in response.text
