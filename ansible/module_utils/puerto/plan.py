"""What a release is made from, and who deploys it: whole and of the right types, or refused in a sentence per fault."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, Self

from .errors import HostError

IDENTITY = ("content", "settings", "unit_text", "site_text")
"""What makes a release what it is: of another value of one of these, it is another release."""

COUNTED = ("APP_MAX_BODY_KIB", "APP_MAX_ROWS")
"""Settings that the gates reckon with."""

ID_DIGITS = 12


@dataclass(frozen=True)
class Operator:
    """Who deploys.

    Attributes:
        name: the person's, on the machine that it is done from.
        origin: that machine and checkout.
    """

    name: str
    origin: str

    @classmethod
    def read(cls, value: object) -> Self:
        """Read what Ansible was given.

        Raises:
            HostError: it isn't whole.
        """
        return cls(**_checked("operator", value, _forms(cls)))

    def __str__(self) -> str:
        return f"{self.name} on {self.origin}"


@dataclass(frozen=True)
class Plan:
    """All that a release is made from.

    Attributes:
        app_name: the application's; its site is called so.
        unit: the unit's name, without .service; a release's own is this, a dash and its id.
        user: that the release runs as.
        content: digits of what is in the archive.
        archive: its path on the host.
        virtualenv: folder of its packages under the application's; one per Pipfile.lock and Python.
        virtualenv_program: the shell script that makes it.
        pipenv: the program that the script installs packages by.
        settings: of .env, but for the secret key.
        unit_text: of the release's unit, @RELEASE@ for its id.
        site_text: of Nginx's site.
        site_beside: other files that Nginx reads for this site.
        server_names: that the site answers to.
        start_seconds: until it must answer.
        p99_ms: that the slowest of a hundred requests may take.
        kept: how many releases stay.
        warm_seconds: that the one before goes on running.
        watch_seconds: that it is watched; 0 for none.
        manifest: where it comes from: commit, lock, models.
        id: of all that makes it what it is, on any host.
        at: when its folder was made; empty before.
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

    OF_THE_HOST: ClassVar = ("id", "at")

    @classmethod
    def read(cls, value: object) -> Self:
        """Read what an operator sends: without an id, and ``virtualenv`` without the host's Python.

        Raises:
            HostError: it isn't whole, or holds what no plan has.
        """
        forms = {name: form for name, form in _forms(cls).items() if name not in cls.OF_THE_HOST}
        sent = _checked("plan", value, forms)
        unknown = sorted(set(sent) - set(forms))
        if unknown:
            raise HostError("\n".join(f"plan: {name}: no plan has it" for name in unknown))
        identity = {name: sent[name] for name in IDENTITY}
        number = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:ID_DIGITS]
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls(**sent | {"virtualenv": f"{sent['virtualenv']}-{python}"}, id=number)

    @classmethod
    def stored(cls, text: str, where: str) -> Self:
        """Read a release's plan.json; what a later version of this program wrote there besides is left out.

        Raises:
            HostError: it isn't whole.
        """
        forms = _forms(cls)
        try:
            values = _checked(where, json.loads(text), forms)
        except ValueError as fault:
            raise HostError(f"{where}: {fault}") from fault
        return cls(**{name: value for name, value in values.items() if name in forms})

    def as_json(self, at: str) -> str:
        """Return the text of plan.json."""
        return json.dumps(asdict(self) | {"at": at}) + "\n"


@dataclass(frozen=True)
class _Form:
    """What a value must be: its description, whether a value matches it, and what is made of it."""

    description: str
    matches: Callable[[Any], bool]
    read: Callable[[Any], Any] = lambda value: value
    is_required: bool = True


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, str) and each for each in value)


def _is_settings(value: Any) -> bool:
    are_single = isinstance(value, Mapping) and all(isinstance(each, str | int) for each in value.values())
    return are_single and all(str(value.get(name, "")).isdigit() for name in COUNTED)


FORMS: Mapping[Any, _Form] = {
    str: _Form("a text", lambda value: isinstance(value, str) and bool(value)),
    int: _Form("a whole number from 0", lambda value: type(value) is int and value >= 0),
    tuple[str, ...]: _Form("a list of texts", _is_texts, tuple),
    Mapping[str, str]: _Form(
        f"settings with numbers for {' and '.join(COUNTED)}",
        _is_settings,
        lambda value: {name: str(each) for name, each in value.items()},
    ),
    Mapping[str, Any]: _Form("a mapping", lambda value: isinstance(value, Mapping), dict),
}
"""Type of a field → what is asked of its value."""

OPTIONAL_TEXT = _Form("a text", lambda value: isinstance(value, str), is_required=False)


def _forms(kind: type[Plan | Operator]) -> dict[str, _Form]:
    return {field.name: FORMS[field.type] if field.default is MISSING else OPTIONAL_TEXT for field in fields(kind)}


def _checked(where: str, value: object, forms: Mapping[str, _Form]) -> dict[str, Any]:
    """Return a mapping's values as its fields have them, unknown ones as they are.

    Raises:
        HostError: a sentence per fault.
    """
    if not isinstance(value, Mapping):
        raise HostError(f"{where}: is {value!r}, not a mapping")
    if faults := list(_faults(where, value, forms)):
        raise HostError("\n".join(faults))
    return {name: forms[name].read(each) if name in forms else each for name, each in value.items()}


def _faults(where: str, value: Mapping[str, Any], forms: Mapping[str, _Form]) -> Iterator[str]:
    for name, form in forms.items():
        if name not in value:
            if form.is_required:
                yield f"{where}: {name}: is missing"
        elif not form.matches(value[name]):
            yield f"{where}: {name}: is {value[name]!r}, not {form.description}"
