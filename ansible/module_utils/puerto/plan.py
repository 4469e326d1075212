"""What a release is made from, and who deploys it: complete and of the right types, or refused with all errors."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, Self

from .errors import HostError

IDENTITY = ("content", "settings", "unit_text", "site_text")
"""What identifies a release: if one of these has another value, it is another release."""

NUMERIC_SETTINGS = ("APP_MAX_BODY_KIB", "APP_MAX_ROWS")
"""Settings that the gates calculate with."""

ID_DIGITS = 12


@dataclass(frozen=True)
class Operator:
    """Who deploys.

    Attributes:
        name: the person's, on the machine that they deploy from.
        origin: that machine and checkout.
    """

    name: str
    origin: str

    @classmethod
    def read(cls, value: object) -> Self:
        """Read the argument of a module.

        Raises:
            HostError: it is incomplete or has a wrong type.
        """
        return cls(**_validated("operator", value, _field_types(cls)))

    def __str__(self) -> str:
        return f"{self.name} on {self.origin}"


@dataclass(frozen=True)
class Plan:
    """All that a release is made from.

    Attributes:
        app_name: the application's; its site has this name.
        unit: the unit's name, without .service; a release's own unit is this, a dash and its id.
        user: whom the release runs as.
        content: first digits of the digest of the archive's content.
        archive: its path on the host.
        virtualenv: folder of its packages, relative to the application's; one per Pipfile.lock and Python.
        virtualenv_program: the shell script that makes it.
        pipenv: the program by which the script installs packages.
        settings: those of .env, except the secret key.
        unit_text: the release's unit, with @RELEASE@ for its id.
        site_text: Nginx's site.
        site_beside: other files that Nginx reads for this site.
        server_names: names that the site answers to.
        start_seconds: within which it must answer once started.
        p99_ms: what the slowest of a hundred requests may take.
        kept: how many releases stay.
        warm_seconds: for which the release before goes on running.
        watch_seconds: for which the release is watched; 0 for none.
        manifest: where it comes from: commit, lock, models.
        id: first digits of the digest of what identifies it, the same on every host.
        at: when its folder was made; empty before that.
        https: how the site speaks HTTPS: acme, own, local or off; empty in plans of before there was a choice.
    """

    app_name: str
    unit: str
    user: str
    content: str
    archive: str
    virtualenv: str
    virtualenv_program: str
    pipenv: str
    settings: Mapping[str, str]
    unit_text: str
    site_text: str
    site_beside: tuple[str, ...]
    server_names: tuple[str, ...]
    start_seconds: int
    p99_ms: int
    kept: int
    warm_seconds: int
    watch_seconds: int
    manifest: Mapping[str, Any]
    id: str
    at: str = ""
    https: str = ""

    SET_BY_HOST: ClassVar = ("id", "at")

    @property
    def redirects(self) -> bool:
        """Whether who asks by HTTP is sent on to HTTPS."""
        return self.https not in ("", "off", "local")

    @classmethod
    def read(cls, value: object) -> Self:
        """Read what an operator sends: without an id, and ``virtualenv`` without the host's Python.

        Raises:
            HostError: it is incomplete, has a wrong type, or has a field that no plan has.
        """
        types = {name: field_type for name, field_type in _field_types(cls).items() if name not in cls.SET_BY_HOST}
        values = _validated("plan", value, types)
        unknown = sorted(set(values) - set(types))
        if unknown:
            raise HostError("\n".join(f"plan: {name}: is no field of a plan" for name in unknown))
        identity = {name: values[name] for name in IDENTITY}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls(**values | {"virtualenv": f"{values['virtualenv']}-{python}"}, id=digest[:ID_DIGITS])

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Read a release's plan.json; fields that a later version of this program has added are ignored.

        Args:
            source: the file, for errors.

        Raises:
            HostError: it is incomplete or has a wrong type.
        """
        types = _field_types(cls)
        try:
            values = _validated(source, json.loads(text), types)
        except ValueError as fault:
            raise HostError(f"{source}: {fault}") from fault
        return cls(**{name: value for name, value in values.items() if name in types})

    def as_json(self, at: str) -> str:
        """Return the text of plan.json."""
        return json.dumps(asdict(self) | {"at": at}) + "\n"


@dataclass(frozen=True)
class _FieldType:
    """What a value must be: its description, whether a value matches it, and what is made of the value."""

    description: str
    matches: Callable[[Any], bool]
    convert: Callable[[Any], Any] = lambda value: value
    is_required: bool = True


def _are_strings(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(string, str) and string for string in value)
    )


def _are_settings(value: Any) -> bool:
    are_scalars = isinstance(value, Mapping) and all(isinstance(setting, str | int) for setting in value.values())
    return are_scalars and all(str(value.get(name, "")).isdigit() for name in NUMERIC_SETTINGS)


FIELD_TYPES: Mapping[Any, _FieldType] = {
    str: _FieldType("a non-empty string", lambda value: isinstance(value, str) and bool(value)),
    int: _FieldType("a whole number, 0 or more", lambda value: type(value) is int and value >= 0),
    tuple[str, ...]: _FieldType("a list of non-empty strings", _are_strings, tuple),
    Mapping[str, str]: _FieldType(
        f"settings with numbers for {' and '.join(NUMERIC_SETTINGS)}",
        _are_settings,
        lambda value: {name: str(setting) for name, setting in value.items()},
    ),
    Mapping[str, Any]: _FieldType("a mapping", lambda value: isinstance(value, Mapping), dict),
}
"""Annotation of a field → what its value must be."""

OPTIONAL_STRING = _FieldType("a string", lambda value: isinstance(value, str), is_required=False)


def _field_types(cls: type[Plan | Operator]) -> dict[str, _FieldType]:
    return {
        field.name: FIELD_TYPES[field.type] if field.default is MISSING else OPTIONAL_STRING for field in fields(cls)
    }


def _validated(source: str, mapping: object, types: Mapping[str, _FieldType]) -> dict[str, Any]:
    """Return a mapping's values as its fields have them, unknown ones unchanged.

    Raises:
        HostError: a sentence per error.
    """
    if not isinstance(mapping, Mapping):
        raise HostError(f"{source}: is {mapping!r}, not a mapping")
    if errors := list(_errors(source, mapping, types)):
        raise HostError("\n".join(errors))
    return {name: types[name].convert(value) if name in types else value for name, value in mapping.items()}


def _errors(source: str, mapping: Mapping[str, Any], types: Mapping[str, _FieldType]) -> Iterator[str]:
    for name, field_type in types.items():
        if name not in mapping:
            if field_type.is_required:
                yield f"{source}: {name}: is missing"
        elif not field_type.matches(mapping[name]):
            yield f"{source}: {name}: is {mapping[name]!r}, not {field_type.description}"
