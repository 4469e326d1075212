"""The checks of style and types: the one list of them, which pre-commit and CI run too."""

import ast
import os
import subprocess

import pytest

from deploy.base.paths import KIT, VENV

ROOMS = ("app", "deploy", "ansible", "models", "tests")

CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["yamllint", "--strict", "."],
    ["ansible-lint", "--strict", "--offline"],
]


@pytest.mark.parametrize("command", CHECKS, ids=" ".join)
def test_check_is_clean(command):
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(command, cwd=KIT, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_have_at_most_250_lines_and_functions_30():
    """Counted with docstring and signature: what is longer has parts with names of their own."""
    long = []
    for file in (file for room in ROOMS for file in (KIT / room).rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        parts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in parts}
        long += [f"{file.relative_to(KIT)}: {name}" for name, lines in lengths.items() if lines > 30]
        long += [f"{file.relative_to(KIT)}"] if text.count("\n") > 250 else []
    assert long == []
