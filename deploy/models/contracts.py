"""Reads ``models/<name>/model.yaml``; each fault is a sentence with its file and line."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from app.contract import Contract
from app.texts import Part
from deploy.base.errors import DeployError

PHRASES = {
    "Field required": "is required",
    "Input should be a valid": "is not a valid",
    "String should match pattern '^[a-z][a-z0-9_-]*$'": "can have lower-case letters, digits, _ and -, a letter first",
}
"""pydantic's words → ours."""


def read_contract(file: Path) -> Contract:
    """Return a contract, checked.

    Raises:
        DeployError: a sentence per fault, each with file, line and place.
    """
    if not file.is_file():
        raise DeployError(f"{file}: is no file")
    try:
        text = file.read_bytes().decode()
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        contract = Contract.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, UnicodeError) as fault:
        raise DeployError(f"{file}{_line_of(fault)}: isn't valid YAML: {' '.join(str(fault).split())}") from fault
    except ValidationError as fault:
        errors = [dict(error) for error in fault.errors()]
        causes = [error for error in errors if not _is_consequence(error, errors)]
        sentences = dict.fromkeys(_sentence(file, root, error) for error in causes)
        raise DeployError("\n".join(sentences)) from fault
    if contract.name != file.parent.name:
        raise DeployError(f"{at(file, ['name'])}: name: {contract.name} is not the folder's name, {file.parent.name}")
    return contract


def at(file: Path, place: Sequence[str | int]) -> str:
    """Return ``file:line`` of a place in a contract."""
    root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return f"{file}:{_find(root, place)[0]}"


def _line_of(fault: Exception) -> str:
    mark = getattr(fault, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _sentence(file: Path, root: yaml.Node | None, error: dict[str, Any]) -> str:
    line, place = _find(root, error["loc"])
    shown = f"{file}:{line}: " + "".join(f"{part}." for part in place).removesuffix(".") + (": " if place else "")
    if error["type"] == "extra_forbidden":
        key, known = str(error["loc"][-1]), _known_keys()
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
        return f"{shown}no such key" + (" here" if key in known else f"; the nearest is {near}")
    if error["type"] == "union_tag_invalid":
        return f"{shown}{error['ctx']['tag']!r} is none of the kinds: {error['ctx']['expected_tags']}"
    message = str(error["msg"]).removeprefix("Value error, ")
    for theirs, ours in PHRASES.items():
        message = message.replace(theirs, ours)
    return shown + message


def _is_consequence(error: dict[str, Any], errors: list[dict[str, Any]]) -> bool:
    """Return whether a list is too short only because its items are at fault, which is reported already."""
    inside = (other["loc"][: len(error["loc"])] == error["loc"] for other in errors if other is not error)
    return error["type"] == "too_short" and any(inside)


def _find(node: yaml.Node | None, place: Sequence[str | int]) -> tuple[int, list[str]]:
    """Return the line of a place and the place without pydantic's own names for the alternatives of a union."""
    keys: list[str] = []
    line = node.start_mark.line + 1 if node else 1
    for number, part in enumerate(place):
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if entry is None:
                alternative = any((key.value, value.value) == ("kind", part) for key, value in node.value)
                keys += [str(part)] if number == len(place) - 1 and not alternative else []
                continue
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            continue
        keys.append(str(part))
    return line, keys


def _known_keys() -> list[str]:
    parts = [Part]
    for part in parts:
        parts += part.__subclasses__()
    return sorted({name for part in parts for name in part.model_fields})
