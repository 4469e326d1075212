"""What an attack is: a target, a shape of about so many bytes, what is sent; and what several shapes are made of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice

from app.contract import Contract


@dataclass(frozen=True)
class Target:
    """What an attack is aimed at.

    Attributes:
        contract: of the attacked model.
        size: of the attack's body, in bytes, roughly.
        token: that the site's forms carry; empty if no form was opened.
    """

    contract: Contract
    size: int
    token: str = ""


@dataclass(frozen=True)
class Attack:
    """What is sent: a body with its type and further headers, or a query.

    Attributes:
        unpacked: bytes that a zip in the body says it holds.
    """

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    unpacked: int = 0


Shape = Callable[[Target], Attack]


def repeated(part: bytes, size: int, before: bytes = b"", after: bytes = b"", between: bytes = b",") -> bytes:
    """Repeat a part to roughly a size."""
    return before + between.join([part] * max(1, size // (len(part) + len(between)))) + after


def joined(parts: Iterator[str], size: int, part_size: int = 8) -> str:
    """Join parts, of at least `part_size` bytes each, to roughly a size."""
    enough: list[str] = []
    length = 0
    for part in islice(parts, size // part_size + 1):
        enough.append(part)
        length += len(part) + 1
        if length >= size:
            break
    return ",".join(enough)


def names() -> Iterator[str]:
    """Return names of 8 characters, without end."""
    return (f"n{number:07}" for number in count())
