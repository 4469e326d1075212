"""What a stranger may send to bring a site down, for each route: the unit tests, the site's and the bench's send it.

A shape makes an attack of about so many bytes for a target; each way in gets all of them, whatever it reads.
"""

from dataclasses import dataclass

from flask import Flask

from tests.attacks.attack import Shape
from tests.attacks.forms import FORMS
from tests.attacks.headers import HEADERS
from tests.attacks.json_bodies import JSON_BODIES
from tests.attacks.protocol_bodies import PROTOCOL_BODIES
from tests.attacks.queries import QUERIES
from tests.attacks.tables import TABLES
from tests.attacks.workbooks import WORKBOOKS

BODIES: dict[str, Shape] = JSON_BODIES | PROTOCOL_BODIES | TABLES | FORMS | WORKBOOKS
"""Name → what is sent to routes that take a body."""

ARGUMENTS = {"code": "en", "filename": "swagger-ui.css"}
"""The values of the arguments in a route's address, beside a model's; a route with another argument needs one here."""


@dataclass(frozen=True)
class Route:
    """An address of the site, and what it takes."""

    method: str
    path: str

    @property
    def shapes(self) -> dict[str, Shape]:
        """Name → shape of all that this route is sent."""
        return {**(BODIES if self.method in ("POST", "PUT", "PATCH") else QUERIES), **HEADERS}


def routes_of(app: Flask, name: str) -> list[Route]:
    """Return every route of an application, its arguments filled in; a model is the one of this name, in its version.

    Raises:
        KeyError: a new kind of argument, for which `ARGUMENTS` has no value.
    """
    arguments = ARGUMENTS | {"name": name, "version": app.extensions["models"][name].version}
    routes_of_rules = {
        Route(method, str((rule.build({name: arguments[name] for name in rule.arguments}, False) or ("", ""))[1]))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }
    return sorted(routes_of_rules, key=lambda route: (route.path, route.method))
