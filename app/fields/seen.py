"""What a model's table showed of a field: another value is answered, with a warning."""

from typing import Annotated

from pydantic import Field as Property
from pydantic import Strict

from app.texts import Part

Number = Annotated[float, Strict()]
"""Strict, or YAML's yes and no would be 1 and 0."""


class Seen(Part):
    """What the model's table showed of a field: another value is answered, with a warning."""

    missing: bool = Property(True, description="whether rows lacked it")


class SeenNumbers(Seen):
    """What the model's table showed of a number."""

    minimum: Number | None = Property(None, description="the least value")
    maximum: Number | None = Property(None, description="the greatest value")
    whole: bool = Property(False, description="whether all were whole numbers")
