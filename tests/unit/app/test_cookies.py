"""The cookies of visitors: over HTTPS they are this host's alone; over HTTP, which can't have that, plain ones."""

import pytest

from app import create_app
from app.settings import Settings
from tests.csrf import token

NAMES = {"http": ("session", "language"), "https": ("__Host-session", "__Host-language")}


@pytest.fixture(scope="module")
def site(bundles):
    """The application behind a proxy that tells by what visitors came."""
    return create_app(Settings(app_bundles=bundles, app_proxies=1, secret_key="x" * 32))


@pytest.mark.parametrize("scheme", NAMES)
def test_cookies_are_as_protected_as_the_visitor_came(site, scheme):
    session, language = NAMES[scheme]
    client = site.test_client(use_cookies=False)
    headers = {"X-Forwarded-Proto": scheme}
    for path, name in {"/models/exam": session, "/language/es": language}.items():
        (cookie,) = client.get(path, headers=headers).headers.getlist("Set-Cookie")
        pair, *attributes = cookie.split("; ")
        assert pair.partition("=")[0] == name
        assert ("Secure" in attributes) == (scheme == "https")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
        assert "Domain" not in cookie, "which the prefix forbids"


def test_form_and_language_are_known_again_by_https(site):
    client = site.test_client(use_cookies=False)
    https = {"X-Forwarded-Proto": "https", "Accept-Language": "en"}
    page = client.get("/models/exam", headers=https)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = {"csrf_token": token(page.text), "estudio": "6", "sueno": "8"}
    both = f"{cookie}; __Host-language=es"
    answer = client.post("/models/exam", data=form, headers=https | {"Cookie": both})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "es")
    plain = both.replace("__Host-", "")
    assert client.post("/models/exam", data=form, headers=https | {"Cookie": plain}).status_code == 400, "set over HTTP"
