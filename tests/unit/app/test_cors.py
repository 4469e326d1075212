"""Other sites' scripts: whom the settings let in, and where."""

import pytest

from app import create_app
from app.settings import Settings

ROW = {"estudio": 6, "sueno": 8}
PATHS = (
    "/api/v1/models/exam/predictions", "/modelo", "/invocations", "/models/exam/invocations", "/v2/models/exam/infer",
    "/predict", "/resultado",
)  # fmt: skip


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ("", "https://a.example", None),
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example https://b.example", "https://b.example", "https://b.example"),
        ("https://a.example", "https://evil.example", None),
        ("https://a.example", "https://axexample", None),
        ("*", "https://any.example", "*"),
    ],
)
def test_other_sites_scripts_are_allowed_where_the_settings_say(bundles, origins, origin, allowed):
    client = create_app(Settings(app_bundles=bundles, app_cors_origins=origins)).test_client()
    for path in PATHS:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        preflight = client.options(path, headers=headers)
        response = client.post(path, json=ROW, headers={"Origin": origin})
        for headers in (preflight.headers, response.headers):
            assert headers.get("Access-Control-Allow-Origin") == allowed, path
        if allowed:
            assert preflight.headers["Access-Control-Allow-Headers"].lower() == "content-type"
    page = client.get("/models/exam", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in page.headers
    assert "Access-Control-Allow-Credentials" not in page.headers
