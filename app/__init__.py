"""The Flask application: the models of ``bundles``, their pages, their API and their protocols."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings


def create_app(configured: "Settings | None" = None) -> "Flask":
    """Return the application, as `application.create` does.

    What reads contracts, tables or engines alone imports this package too: it waits for no website.
    """
    from app import application

    return application.create(configured)
