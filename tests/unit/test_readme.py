"""The READMEs: the same in both languages, and no link leads nowhere."""

import re

import pytest

from deploy.base.paths import KIT
from tests import readme

LINK = re.compile(r"""(?:\]\(|src=")([^)"#]+)""")
PAGES = [*readme.READMES.values(), *sorted((KIT / "docs").glob("*.md")), KIT / "CONTRIBUTING.md"]


def test_both_have_the_same_sections_and_the_same_code():
    both = [list(readme.sections(language).values()) for language in ("en", "es")]
    for english, spanish in zip(*both, strict=True):
        without_comments = [re.sub(r" *#.*", "", "".join(code for _, code in readme.BLOCK.findall(text)))
                            for text in (english, spanish)]  # fmt: skip
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


def test_pictures_are_small():
    assert max(file.stat().st_size for file in (KIT / "docs").glob("*.png")) < 300_000
