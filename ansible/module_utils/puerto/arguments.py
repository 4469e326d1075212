"""Arguments that several of the Ansible modules share; ansible/doc_fragments/puerto.py describes them."""

from typing import Any

APPLICATION: dict[str, dict[str, Any]] = {
    "root": {"type": "str", "required": True},
    "unit": {"type": "str", "required": True},
}
OPERATOR: dict[str, dict[str, Any]] = {"operator": {"type": "dict"}}
LOCK: dict[str, dict[str, Any]] = {
    "on_conflict": {"type": "str", "choices": ["refuse", "wait", "break"], "default": "refuse"}
}
