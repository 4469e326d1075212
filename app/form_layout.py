"""How a model's form is laid out: its inputs in groups, and folded what may stay empty, where there are many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import current_app
from wtforms import Field

from app import logs
from app.forms import MANY
from app.languages import N_, current, gettext
from app.model import Model
from app.values import Row
from app.whatif import ranked

PROBED = 200
"""Of more fields, nobody finds out which move the answer most."""


@dataclass(frozen=True)
class Group:
    """Inputs that stand together.

    Attributes:
        heading: empty where the form has no other group.
        shown, folded: those that are seen at once, and those that a click shows.
        is_open: whether those are shown already, since one of them needs a look.
    """

    heading: str
    shown: Sequence[Field]
    folded: Sequence[Field] = ()
    is_open: bool = False


def groups(model: Model, inputs: Sequence[Field], noticed: Collection[str] = ()) -> list[Group]:
    """Return a form's inputs in groups: the owner's, or those first that move the answer most.

    Args:
        inputs: in the contract's order.
        noticed: names of fields with a warning.
    """
    fields = model.contract.fields
    headings = [field.group[current()] if field.group else "" for field in fields]
    leading = _leading(model) if len(fields) > MANY else [*range(len(fields))]
    if not any(headings) and len(fields) > MANY:
        most, others = gettext(N_("What moves the answer most")), gettext(N_("Other properties"))
        rest = [place for place in range(len(fields)) if place not in leading]
        return [Group(most, [inputs[place] for place in leading]), _group(model, others, rest, inputs, (), noticed)]
    places: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        places.setdefault(heading or (gettext(N_("Other properties")) if any(headings) else ""), []).append(place)
    return [_group(model, heading, own, inputs, leading, noticed) for heading, own in places.items()]


def _group(
    model: Model,
    heading: str,
    places: Sequence[int],
    inputs: Sequence[Field],
    leading: Collection[int],
    noticed: Collection[str],
) -> Group:
    is_shown = {place: place in leading or model.contract.fields[place].is_required for place in places}
    folded = [inputs[place] for place in places if not is_shown[place]]
    is_open = any(field.errors or field.name in noticed for field in folded)
    return Group(heading, [inputs[place] for place in places if is_shown[place]], folded, is_open)


def _leading(model: Model) -> list[int]:
    """Return the places of the fields that move the answer to the contract's example most; found out once."""
    cache: dict[str, list[int]] = current_app.extensions.setdefault("leading_fields", {})
    if model.name not in cache:
        cache[model.name] = _probed(model)[:MANY]
    return cache[model.name]


def _probed(model: Model) -> list[int]:
    fields = model.contract.fields
    if len(fields) > PROBED:
        return [*range(len(fields))]
    try:
        row: Row = [field.example for field in fields]
        order = ranked(model, row, model.predict([row])[0])
    except Exception as error:
        logs.exception("which fields move the answer most wasn't found out", error)
        order = []
    return order + [place for place in range(len(fields)) if place not in {*order}]
