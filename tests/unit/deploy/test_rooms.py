"""The rooms of deploy/: what a bare Python needs imports nothing else, and the ground no room above it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.base.paths import KIT

BARE = ("base", "cli", "environments", "rehearsal")
"""Rooms that run before .venv exists."""

ASKED = {"deploy", "deploy.__main__", "deploy.generate", "deploy.generate.requirements"}
"""What runs before it exists too, and lies in none of them."""

SYSTEMS = ["/usr/bin/python3", "-S", "-E"]
"""The system's own Python, without packages."""


def modules(*rooms: str) -> set[str]:
    """Return the names of all modules in rooms."""
    files = (file for room in rooms for file in (KIT / "deploy" / room).rglob("*.py"))
    return {".".join(file.relative_to(KIT).with_suffix("").parts).removesuffix(".__init__") for file in files}


def imports(module: str) -> Iterator[str]:
    """Yield what a module imports, within functions too; of the project's own, each package on the way."""
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


def reached(start: set[str]) -> set[str]:
    """Return the modules of deploy/ that those import, and what these do, and so on."""
    known, every = set(start), modules("")
    while more := {name for module in known for name in imports(module) if name in every} - known:
        known |= more
    return known


def test_bare_python_needs_the_standard_library_alone():
    needed = reached(modules(*BARE) | {"deploy.__main__"})
    assert needed - modules(*BARE) == ASKED
    strangers = {(module, name) for module in needed for name in imports(module)
                 if name.partition(".")[0] not in sys.stdlib_module_names | {"deploy"}}  # fmt: skip
    assert strangers == set()


def test_ground_imports_no_room_above_it():
    assert reached(modules("base")) == modules("base") | {"deploy"}


@pytest.fixture(scope="module")
def bare():
    """Run the system's own Python in the checkout, where no package can be seen."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*SYSTEMS, *words], cwd=KIT, capture_output=True, text=True)

    assert "No module named" in run("-c", "import pydantic, yaml").stderr
    return run


@pytest.mark.parametrize("words", [[], ["status"], ["up"], ["requirements"], ["generate"], ["test"]], ids=" ".join)
def test_bare_python_starts_the_commands(bare, words):
    said = bare("-m", "deploy", *words, "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith(" ".join(["usage: python3 -m deploy", *words]))


def test_bare_python_runs_a_command(bare):
    said = bare("-m", "deploy", "status", "prodution")
    assert (said.returncode, said.stderr.splitlines()[0][:40]) == (2, "prodution: no such environment; there ar")
