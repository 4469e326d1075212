"""The card of a model: what its owner says of its use, and how good it is with each group that the owner named."""

from pydantic import Field

from app.texts import Part, Phrase, Text


class GroupFigures(Part):
    """How good a model is with the cases of a group."""

    name: Text = Field(description="what people call the group, e.g. Sex: female")
    rows: int = Field(ge=1, description="how many of its rows were asked")
    metrics: dict[Phrase, int | float] = Field(min_length=1, description="what was measured on them")


class Card(Part):
    """What people must know before they use a model; what is left out isn't published."""

    intended_use: Text | None = Field(None, description="what it is for, and for whom")
    out_of_scope: Text | None = Field(None, description="what it must not be used for")
    limitations: Text | None = Field(None, description="where it is known to be wrong, or was never tried")
    contact: Text | None = Field(None, description="who to ask: a name, a mail or web address")
    groups: tuple[GroupFigures, ...] = Field((), max_length=100, description="model add --group measures them")

    @property
    def unsaid(self) -> list[str]:
        """The keys that say nothing."""
        return [key for key in type(self).model_fields if key != "groups" and not getattr(self, key)]
