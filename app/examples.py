"""The examples that a click fills into a form: the contract's own, and those of its owner that have a name."""

from dataclasses import dataclass

from app.contract import Classification, Contract, Example
from app.languages import N_, current, gettext
from app.values import Row


@dataclass(frozen=True)
class NamedExample:
    """An example.

    Attributes:
        number: in the form's address.
        label: what people call it, in the language of the request.
    """

    number: int
    label: str


def examples_of(contract: Contract) -> list[NamedExample]:
    """Return a contract's examples; its own stands first, called an example, or a typical case beside others."""
    own = gettext(N_("Typical case")) if contract.examples else gettext(N_("Example"))
    labels = [own, *(_label(contract, example) for example in contract.examples)]
    return [NamedExample(number, label) for number, label in enumerate(labels, 1)]


def example_row(contract: Contract, number: str) -> Row:
    """Return the row of the example of a number as an address has it; the first's where there is none such."""
    named = {str(place): example for place, example in enumerate(contract.examples, 2)}
    if number not in named:
        return [field.example for field in contract.fields]
    return [named[number].values.get(field.name, field.default) for field in contract.fields]


def _label(contract: Contract, example: Example) -> str:
    if example.label or example.answer is None or not isinstance(contract.predicts, Classification):
        return example.label[current()] if example.label else ""
    labels = {label.value: label.label[current()] for label in contract.predicts.labels}
    return gettext(N_("Typical of “%(label)s”"), label=labels[example.answer])
