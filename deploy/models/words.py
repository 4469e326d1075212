"""Goes through a contract's words with its owner; comments, and all else in the file, stay as they are."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from deploy.base import files
from deploy.base.errors import DeployError
from deploy.models.contracts import read_contract
from deploy.models.sandbox.text import is_plain

INTRODUCTION = "In people's words: Enter keeps what stands in brackets, “Edad | Age” says it in Spanish and in English."
BETWEEN = "|"
"""Parts the Spanish from the English."""

LISTED = 12
"""Choices of a field that are gone through, at most: more are a list from elsewhere."""

CARD = {
    "intended_use": "What is it for?",
    "out_of_scope": "What must it not be used for?",
    "limitations": "Where is it wrong, or untried?",
    "contact": "Who can be asked about it?",
}
CASES = "What should the page call its cases, as in “54 of 100 such passengers”?"

ADDED = {*CARD, "cases"}
"""Texts that are asked for though a contract has none yet."""

Place = tuple[str | int, ...]
"""The keys and positions that lead to a text."""


def is_attended() -> bool:
    """Return whether somebody sees the questions, and can answer them."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def go_through(file: Path, *, is_draft: bool = False) -> int:
    """Ask for each text of a contract, write what is answered, and return how many were changed.

    The end of the input ends it; what was answered until then stays.

    Args:
        file: the contract.
        is_draft: ask for the title alone, and for what answers mean that are numbers.

    Raises:
        DeployError: the contract is no good, or isn't after an answer that nobody could correct.
    """
    contract = read_contract(file).model_dump(mode="json")
    changed = 0
    print(INTRODUCTION)
    for place, question in _draft_questions(contract) if is_draft else _questions(contract):
        try:
            changed += _ask(file, place, question)
        except EOFError:
            print()
            break
    return changed


def _draft_questions(contract: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    yield ("title",), "What is it called?"
    for place, target, said in _targets(contract):
        labels = target.get("labels") or []
        if any(not isinstance(label["value"], str) for label in labels):
            yield from _label_questions(place, labels, said)


def _questions(contract: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    yield ("title",), "What is it called?"
    yield ("description",), "What does it do?"
    for place, target, said in _targets(contract):
        yield (*place, "label"), f"What does it predict{said}?"
        yield from _label_questions(place, target.get("labels") or [], said)
    if "labels" in contract["predicts"]:
        yield ("predicts", "cases"), CASES
    yield from ((("card", key), question) for key, question in CARD.items())
    for number, field in enumerate(contract["fields"]):
        yield ("fields", number, "label"), f"What is {field['name']}?"
        yield ("fields", number, "help"), f"What helps to fill in {field['name']}?"
        choices = field.get("choices") or []
        for position, choice in enumerate(choices if len(choices) <= LISTED else []):
            place = ("fields", number, "choices", position, "label")
            yield place, f"What does {field['name']}: {_value(choice)} mean?"


def _targets(contract: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], str]]:
    """Yield the place of each target, the target, and how a question names it where there are several."""
    targets: list[tuple[Place, dict[str, Any]]] = [(("predicts",), contract["predicts"])]
    targets += [(("also", number), target) for number, target in enumerate(contract["also"])]
    for place, target in targets:
        yield place, target, f" as {target['name']}" if len(targets) > 1 else ""


def _label_questions(place: Place, labels: list[dict[str, Any]], said: str) -> Iterator[tuple[Place, str]]:
    for number, label in enumerate(labels[:LISTED]):
        yield (*place, "labels", number, "label"), f"What does the answer {_value(label)}{said} mean?"


def _value(choice: dict[str, Any]) -> str:
    return json.dumps(choice["value"], ensure_ascii=False)


def _ask(file: Path, place: Place, question: str) -> bool:
    """Ask until the contract is good with the answer; return whether it changed. ``ADDED`` may be new to it."""
    text = file.read_text(encoding="utf-8")
    node = _node(yaml.compose(text, Loader=yaml.SafeLoader), place)
    if node is None and place[-1] not in ADDED:
        return False
    now = "" if node is None else _shown(yaml.constructor.SafeConstructor().construct_document(node))
    while answer := _answered(f"{question} [{now}] "):
        files.replace(file, _with(text, place, _written(answer)))
        try:
            read_contract(file)
        except DeployError as fault:
            files.replace(file, text)
            print(fault.reason)
        else:
            return True
    return False


def _with(text: str, place: Place, written: str) -> str:
    """Return a contract's text with another text at a place, or with one where there was none."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if node := _node(root, place):
        return text[: node.start_mark.index] + written + text[_end(text, node) :]
    parent, line = _node(root, place[:-1]), f"{place[-1]}: {written}"
    if not isinstance(parent, yaml.MappingNode):
        return f"{text.rstrip()}\n\n{place[0]}:\n  {line}\n"
    if parent.flow_style:
        start = parent.start_mark.index + 1
        return text[:start] + line + (", " if parent.value else "") + text[start:]
    end = f"{text}\n".index("\n", _end(text, parent))  # after a comment on the last one
    return text[:end] + "\n" + " " * parent.start_mark.column + line + text[end:]


def _answered(prompt: str) -> str:
    """Ask until the answer can be read: a terminal of another encoding sends what is no text, arrow keys do too."""
    while True:
        with suppress(UnicodeDecodeError):
            if is_plain(answer := input(prompt).strip()):
                return answer
        print("That can't be read; type it again.")


def _node(node: yaml.Node | None, place: Place) -> yaml.Node | None:
    for part in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node


def _end(text: str, node: yaml.Node) -> int:
    """Return where a node's own text ends: a block's mark stands after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value.get('es', '')} {BETWEEN} {value.get('en', '')}"
    return str(value)


def _written(answer: str) -> str:
    """Return an answer as YAML that may stand anywhere, on one line."""
    parts = [json.dumps(part.strip(), ensure_ascii=False) for part in answer.split(BETWEEN, 1)]
    return parts[0] if len(parts) == 1 else f"{{es: {parts[0]}, en: {parts[1]}}}"
