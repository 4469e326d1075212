"""Queries: many fields, long ones, repeated ones."""

from itertools import islice

from tests.attacks.attack import Attack, Shape, names

QUERY_BYTES = 3900


def _query(text: str) -> Attack:
    return Attack(query=text[:QUERY_BYTES])


QUERIES: dict[str, Shape] = {
    "query of many fields": lambda target: _query("a&" * QUERY_BYTES),
    "query of unknown names": lambda target: _query("&".join(f"{name}=1" for name in islice(names(), 400))),
    "query of one long name": lambda target: _query("x" * QUERY_BYTES),
    "query of one long value": lambda target: _query(f"{next(iter(target.contract.example))}=" + "9" * QUERY_BYTES),
    "query of escapes": lambda target: _query("%C3%A9" * QUERY_BYTES),
    "query of commas": lambda target: _query("," * QUERY_BYTES),
    "query that says it twice": lambda target: _query("estudio=1&" * QUERY_BYTES),
}
"""Name → what is sent to routes that are asked by address."""
