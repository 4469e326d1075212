"""Every sentence is there in both languages, and no template has text of its own."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from deploy.base.paths import KIT
from deploy.generate import catalogue

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
PLACEHOLDERS = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def spanish() -> dict[str, str]:
    with catalogue.SOURCE.open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="es") if message.id}


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    messages = extract_from_dir(KIT / "app", METHODS, keywords={"N_": None, "_": None, "gettext": None})
    return {message for _, _, message, _, _ in messages}


def test_every_sentence_is_translated_and_none_is_left_over(sentences, spanish):
    assert {"missing": sentences - set(spanish), "left over": set(spanish) - sentences} == {
        "missing": set(),
        "left over": set(),
    }
    assert [sentence for sentence, translation in spanish.items() if not translation] == []


def test_no_sentence_is_there_twice():
    lines = catalogue.SOURCE.read_text(encoding="utf-8").splitlines()
    messages = [line for line in lines if line.startswith("msgid ") and line != 'msgid ""']
    assert [message for message in {*messages} if messages.count(message) > 1] == []


def test_translations_have_the_same_placeholders(spanish):
    assert [
        sentence
        for sentence, translation in spanish.items()
        if set(PLACEHOLDERS.findall(sentence)) != set(PLACEHOLDERS.findall(translation))
    ] == []


@pytest.mark.parametrize("template", sorted((KIT / "app" / "templates").glob("*.html")), ids=lambda path: path.name)
def test_template_has_no_text_of_its_own(template: Path):
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!doctype html>", "", template.read_text(), flags=re.S)
    left = re.sub(r"<[^>]*>", " ", text, flags=re.S)
    assert re.findall(r"[^\W\d_]{2,}", left.replace("POST", "").replace("openapi.json", "")) == []
    attributes = re.findall(r'(?:alt|title|placeholder|aria-label)="([^"]*)"', text)
    assert [value for value in attributes if re.search(r"[^\W\d_]{2,}", value)] == []
