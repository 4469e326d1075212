"""The papers: the same in both languages, and what they name is there."""

import re
import subprocess
import sys

import pytest
import yaml

from app.settings import Settings
from deploy.base.paths import KIT
from deploy.generate import options_page
from tests import practice, readme

LINK = re.compile(r"""(?:\]\(|src=")([^)"#]+)""")
PAGES = [*readme.READMES.values(), *sorted((KIT / "docs").glob("*.md")), KIT / "CONTRIBUTING.md", KIT / "CHANGELOG.md"]


def test_both_have_the_same_sections_and_the_same_code():
    both = [list(readme.sections(language).values()) for language in ("en", "es")]
    for english, spanish in zip(*both, strict=True):
        without_comments = [
            re.sub(r" *#.*", "", "".join(code for _, code in readme.BLOCK.findall(text))) for text in (english, spanish)
        ]
        assert without_comments[0] == without_comments[1]
        assert english.count("\n| ") == spanish.count("\n| ")


def test_neither_has_figures_of_its_own():
    figures = [
        re.findall(r"\d+(?:[.,]\d+)?(?= ?(?:s|x|MiB|GiB)\b)", file.read_text()) for file in readme.READMES.values()
    ]
    assert [figure.replace(",", ".") for figure in figures[1]] == figures[0]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_no_link_leads_nowhere(file):
    links = [link for link in LINK.findall(file.read_text()) if "://" not in link]
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_both_pages_of_the_practice_have_the_same_steps():
    steps = [
        [(re.match(r"\d*", heading)[0], practice.TYPED.findall(text), {*practice.CODE.findall(text)})
         for heading, text in practice.sections(language).items()]
        for language in practice.PAGES
    ]  # fmt: skip
    for english, spanish in zip(*steps, strict=True):
        assert english == spanish
    numbered = [step for step in steps[0] if step[0]]
    assert [int(number) for number, *_ in numbered] == [*range(1, 15)]
    assert [number for number, typed, _ in numbered if not typed] == []


@pytest.mark.parametrize("language", practice.PAGES)
def test_all_that_is_typed_on_the_server_says_what_it_shows(language):
    text = practice.PAGES[language].read_text()
    assert text.count("```sh") == len(practice.TYPED.findall(text))


@pytest.mark.parametrize("language", readme.READMES)
def test_readers_find_the_page_of_the_practice(language):
    page = str(practice.PAGES[language].relative_to(KIT))
    assert page in LINK.findall(readme.READMES[language].read_text())
    assert f"`{page}`" in (KIT / "CONTRIBUTING.md").read_text()


def test_pictures_are_small():
    assert max(file.stat().st_size for file in (KIT / "docs").glob("*.png")) < 300_000


CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
ROOTS = ("app", "ansible", "deploy", "docs", "models", "nginx", "systemd", "tests")
PLACEHOLDERS = re.compile(r"[<>…*{}]|churn|inventories/(production|local)|^models/model.yaml$")
"""Of a path: what stands for a name of the reader's own."""


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_paths_exist(file):
    parts = [part for code in CODE.findall(file.read_text()) for part in code.split()]
    paths = [part.rstrip(":,") for part in parts if part.partition("/")[0] in ROOTS and "/" in part]
    assert [path for path in paths if not PLACEHOLDERS.search(path) and not (KIT / path).exists()] == []


@pytest.fixture(scope="module")
def verbs() -> set[str]:
    command = [sys.executable, "-m", "deploy", "--help"]
    shown = subprocess.run(command, cwd=KIT, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^ {4}(\w+)", shown, re.M))


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_commands_exist(file, verbs):
    named = re.findall(r"(?:python3 -m deploy|`deploy) ([a-z|]+)", file.read_text())
    assert {verb for alternatives in named for verb in alternatives.split("|")} <= verbs


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_options_exist(file):
    """What is written as one, by a prefix of theirs; and settings, in upper case."""
    prefixes = "|".join({name.partition("_")[0] for name in options_page.specs()})
    named = re.findall(rf"`((?:{prefixes})_\w+)(?::[^`]*)?`", file.read_text())
    assert set(named) <= set(options_page.specs())
    settings = re.findall(r"\b(?:APP|GUNICORN)_[A-Z_]+\b", file.read_text())
    assert set(settings) <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("language", readme.READMES)
def test_what_a_server_needs_is_what_the_preflight_asks_for(language):
    defaults = yaml.safe_load(options_page.DEFAULTS.read_text())
    needed = [defaults[f"preflight_{name}_mib"] for name in ("disk", "memory")]
    assert re.findall(
        r"(\d+) MiB (?:of|de) (?:free disk|memory|disco libre|memoria)", readme.READMES[language].read_text()
    ) == [str(mib) for mib in needed]


def test_contributing_leads_to_each_room():
    text = (KIT / "CONTRIBUTING.md").read_text()
    rooms = [
        folder
        for top in ("deploy", "ansible", "tests")
        for folder in (KIT / top).iterdir()
        if folder.is_dir() and not folder.name.startswith(("_", "."))
    ]
    rooms += [KIT / name for name in ROOTS]
    names = [str(room.relative_to(KIT)) for room in rooms]
    assert [name for name in sorted(names) if name not in text] == []
