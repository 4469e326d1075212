"""What models are called that learned from rows alone: those that find groups, and those that find outliers."""

from typing import Any

from app.engines import Task

Texts = dict[str, str]
"""Language → text."""

LABELS: dict[Task, Texts] = {
    "clusters": {"es": "Grupo", "en": "Group"},
    "outliers": {"es": "Cómo es este caso", "en": "What this case is like"},
}
"""What people call the prediction."""

UNUSUAL, ORDINARY = {"es": "Fuera de lo común", "en": "Unusual"}, {"es": "Normal", "en": "Ordinary"}


def description(task: Task, labels: int, columns: int) -> Texts:
    """Return what a model does, in both languages.

    Args:
        labels: how many it chooses between.
        columns: how many properties it is given.
    """
    es, en = ("1 propiedad", "1 property") if columns == 1 else (f"{columns} propiedades", f"{columns} properties")
    if task == "outliers":
        return {
            "es": f"Dice si un caso se sale de lo común, según {es}.",
            "en": f"Tells whether a case is unusual, from {en}.",
        }
    return {
        "es": f"Dice a cuál de {labels} grupos se parece un caso, según {es}.",
        "en": f"Tells which of {labels} groups a case belongs to, from {en}.",
    }


def label(task: Task, value: Any) -> Texts:
    """Return what people may call a label."""
    if task == "outliers":
        return ORDINARY if value == 1 else UNUSUAL
    return {"es": f"Grupo {value}", "en": f"Group {value}"}
