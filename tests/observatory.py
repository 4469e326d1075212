"""MDN's HTTP Observatory: what its rules give an answer. 100 points to begin with; from 100 on the grade is A+.

The rules are those of https://github.com/mdn/mdn-http-observatory at commit 94042bb (algorithm 6, 2026-08-20), of which
each function cites its file in src/analyzer/tests; the points are those of src/grader/charts.js. Where a rule tells
cases apart that no answer of this site is, the worst of them stands for all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

BEGIN, LEAST_FOR_BONUS = 100, 90
"""Bonuses count if what penalties leave is as much (MINIMUM_SCORE_FOR_EXTRA_CREDIT)."""

SIX_MONTHS = 15_552_000
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


@dataclass(frozen=True)
class Answer:
    """What a browser got.

    Attributes:
        url: which was asked.
        headers: name in lower case and value, in order, each as often as it came.
        redirect: where the same address led to by HTTP.
    """

    url: str
    headers: Sequence[tuple[str, str]]
    body: str
    redirect: str

    def values(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for header, value in self.headers if header == name]

    def only(self, name: str) -> str | None:
        """Return the value of a header that came once: None if it didn't; twice is no value that any rule knows."""
        values = self.values(name)
        return ", ".join(values) if values else None


def content_security_policy(answer: Answer) -> int:
    """csp.js: +10 with ``default-src 'none'`` and nothing unsafe, +5 without; -25 for none."""
    sources = _policy(answer)
    if not sources:
        return -25
    script, style = (sources.get(name, sources.get("default-src", {"*"})) for name in ("script-src", "style-src"))
    objects = sources.get("object-src", sources.get("default-src", {"*"}))
    if script & (BROAD | INLINE) or objects & BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for every in sources.values() for source in every):
        return -20
    if "'unsafe-eval'" in script | style:
        return -10
    if style & (BROAD | INLINE):
        return 0
    return 10 if sources.get("default-src") == {"'none'"} else 5


def _policy(answer: Answer) -> dict[str, set[str]]:
    directives = [directive.split() for directive in (answer.only("content-security-policy") or "").split(";")]
    return {words[0]: set(words[1:]) for words in directives if words}


def strict_transport_security(answer: Answer) -> int:
    """strict-transport-security.js: 0 for six months or more, -10 for less, -20 for none or without HTTPS."""
    header = re.fullmatch(r"max-age=(\d+)(; *includeSubDomains)?", answer.only("strict-transport-security") or "")
    if not answer.url.startswith("https:") or not header:
        return -20
    return 0 if int(header[1]) >= SIX_MONTHS else -10


def redirection(answer: Answer) -> int:
    """redirection.js: 0 if HTTP leads to HTTPS on the same host, -5 on another, -20 if it doesn't."""
    target = urlsplit(answer.redirect)
    if target.scheme != "https":
        return -20
    return 0 if target.hostname == urlsplit(answer.url).hostname else -5


def x_frame_options(answer: Answer) -> int:
    """x-frame-options.js: +5 by the policy's ``frame-ancestors`` or by the header; -20 for neither."""
    header = (answer.only("x-frame-options") or "").lower()
    return 5 if "frame-ancestors" in _policy(answer) or header in ("deny", "sameorigin") else -20


def x_content_type_options(answer: Answer) -> int:
    """x-content-type-options.js: 0 for nosniff, else -5."""
    return 0 if answer.only("x-content-type-options") == "nosniff" else -5


def referrer_policy(answer: Answer) -> int:
    """referrer-policy.js: +5 if private, 0 for none, else -5."""
    header = answer.only("referrer-policy")
    return 0 if header is None else 5 if header in PRIVATE else -5


def cross_origin_resource_policy(answer: Answer) -> int:
    """cross-origin-resource-policy.js: +10 for the same origin or site, 0 for none or cross-origin, else -5."""
    points = {None: 0, "cross-origin": 0, "same-origin": 10, "same-site": 10}
    return points.get(answer.only("cross-origin-resource-policy"), -5)


def cross_origin_opener_policy(answer: Answer) -> int:
    """cross-origin-opener-policy.js: +10 for the same origin or less, 0 for none, else -5."""
    points = {None: 0, "unsafe-none": 0, "same-origin": 10, "same-origin-allow-popups": 10, "noopener-allow-popups": 10}
    return points.get(answer.only("cross-origin-opener-policy"), -5)


def cross_origin_embedder_policy(answer: Answer) -> int:
    """cross-origin-embedder-policy.js: +10 for what must consent, 0 for none, else -5."""
    points = {None: 0, "unsafe-none": 0, "require-corp": 10, "credentialless": 10}
    return points.get(answer.only("cross-origin-embedder-policy"), -5)


def cross_origin_resource_sharing(answer: Answer) -> int:
    """cors.js: -50 if any site's scripts may read the answer with the visitor's cookies."""
    return -50 if answer.only("access-control-allow-credentials") == "true" else 0


def subresource_integrity(answer: Answer) -> int:
    """subresource-integrity.js: 0 if all scripts are the site's own, -50 if one of another's has no digest."""
    return -50 if re.search(r"<script[^>]*\ssrc=\"(https?:)?//", answer.body) else 0


def cookies(answer: Answer) -> int:
    """cookies.js: 0 without any, +5 if all are Secure, HttpOnly and SameSite, else -40."""
    every = answer.values("set-cookie")
    attributes = [{part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]} for cookie in every]
    good = all({"secure", "httponly", "samesite"} <= names for names in attributes)
    return (5 if good else -40) if every else 0


RULES = (
    content_security_policy, strict_transport_security, redirection, x_frame_options, x_content_type_options,
    referrer_policy, cross_origin_resource_policy, cross_origin_opener_policy, cross_origin_embedder_policy,
    cross_origin_resource_sharing, subresource_integrity, cookies,
)  # fmt: skip


def points(answer: Answer) -> dict[str, int]:
    """Return rule → its points."""
    return {rule.__name__: rule(answer) for rule in RULES}


def score(answer: Answer) -> int:
    """Return the sum (src/grader)."""
    every = points(answer).values()
    penalised = BEGIN + sum(value for value in every if value < 0)
    bonus = sum(value for value in every if value > 0)
    return penalised + bonus if penalised >= LEAST_FOR_BONUS else penalised
