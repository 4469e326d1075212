"""The Spanish catalogue, compiled from its source: the server has no tool to compile it."""

import io
from datetime import UTC, datetime

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from deploy.base.paths import KIT

SOURCE = KIT / "app" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
COMPILED = SOURCE.with_suffix(".mo")

NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""babel would write the current time; so the same source gives the same file."""


def compiled() -> bytes:
    """Return the compiled catalogue."""
    with SOURCE.open("rb") as source:
        catalogue = read_po(source, locale="es")
    catalogue.creation_date = NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()
