"""The rooms of deploy/: what a bare Python runs imports nothing else, and base imports no other room."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.base.paths import KIT

BARE = ("base", "cli", "environments", "rehearsal")
"""Rooms that run before .venv exists."""

OTHER_BARE_MODULES = {"deploy", "deploy.__main__", "deploy.generate", "deploy.generate.requirements"}
"""Those that run before .venv exists too, and lie in none of these rooms."""

SYSTEM_PYTHON = ["/usr/bin/python3", "-S", "-E"]
"""The system's own Python, without packages."""


def modules(*rooms: str) -> set[str]:
    """Return the names of all modules in rooms."""
    files = (file for room in rooms for file in (KIT / "deploy" / room).rglob("*.py"))
    return {".".join(file.relative_to(KIT).with_suffix("").parts).removesuffix(".__init__") for file in files}


def imports(module: str) -> Iterator[str]:
    """Yield what a module imports, within functions too, and each package on the way to it."""
    path = KIT / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: imports by dots"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def reachable(start: set[str]) -> set[str]:
    """Return those modules and all of deploy/ that they import, directly or not."""
    known, every = set(start), modules("")
    while more := {name for module in known for name in imports(module) if name in every} - known:
        known |= more
    return known


def test_bare_python_needs_the_standard_library_alone():
    needed = reachable(modules(*BARE) | {"deploy.__main__"})
    assert needed - modules(*BARE) == OTHER_BARE_MODULES
    allowed = sys.stdlib_module_names | {"deploy"}
    imported = {(module, name) for module in needed for name in imports(module)}
    assert {(module, name) for module, name in imported if name.partition(".")[0] not in allowed} == set()


def test_base_imports_no_other_room():
    assert reachable(modules("base")) == modules("base") | {"deploy"}


@pytest.fixture(scope="module")
def bare() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the system's own Python in the checkout, where no package can be seen."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*SYSTEM_PYTHON, *arguments], cwd=KIT, capture_output=True, text=True)

    assert "No module named" in run("-c", "import pydantic, yaml").stderr
    return run


@pytest.mark.parametrize("command", [[], ["status"], ["up"], ["requirements"], ["generate"], ["test"]], ids=" ".join)
def test_bare_python_starts_the_commands(bare, command):
    process = bare("-m", "deploy", *command, "--help")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith(" ".join(["usage: python3 -m deploy", *command]))


def test_bare_python_runs_a_command(bare):
    process = bare("-m", "deploy", "status", "prodution")
    assert process.returncode == 2
    assert process.stderr.startswith("prodution: no such environment; the existing ones are: ")
