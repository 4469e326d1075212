"""Who asks for too much is refused, as the options say."""

MOST = 1000
"""Requests that are worth a test on somebody's server."""

ADDRESS = "127.0.0.2"
"""A stranger's, as far as the site knows: the host itself, 127.0.0.1, isn't limited."""


def test_who_asks_too_often_is_refused_and_others_are_not(ask, values, models):
    """In the class that takes the fewest requests."""
    paths = {"pages": "/nothing", "predictions": "/modelo", "tables": f"/models/{min(models)}/table"}
    limits = {limit["name"]: int(limit["requests"]) for limit in values["__nginx_limits"]}
    tested = sorted((count, name) for name, count in limits.items() if 0 < count <= MOST)
    for count, name in tested[:1]:
        refusal = ask(paths[name], row="{}", source=ADDRESS, times=3 * count)
        assert refusal.status == 429, f"{3 * count} requests were answered"
        assert f'"{name}";q={count};' in refusal.headers["RateLimit-Policy"]
        assert int(refusal.headers["Retry-After"]) > 0
        assert ask(paths[name], row="{}").status not in (429, 503)
