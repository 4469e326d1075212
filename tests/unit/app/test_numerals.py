"""Numbers as people and programs write them."""

import time
from random import Random

import pytest

from app import numerals
from app.faults import Refused

LONG = 100_000
SECONDS = 0.5

HOSTILE = {
    "digits": "1" * LONG + "x",
    "decimals": "1" * LONG + "." + "1" * LONG + "x",
    "thousands": "1" + ",234" * LONG + "x",
    "spaces": "1" + " 234" * LONG + "x",
    "exponent": "1e" + "1" * LONG + "x",
    "marks": "1,.'" * LONG,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_long_text_is_refused_in_a_time_that_grows_with_its_length(text):
    started = time.process_time()
    with pytest.raises(Refused):
        numerals.parse(text)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(("estudio", "value"), [("2.536", "Suspendido"), ("7,25", "Aprobado"), ("8.250e0", "Aprobado")])
def test_address_is_read_as_programs_write_it(client, estudio, value):
    response = client.get("/api/v1/models/exam/prediction", query_string={"estudio": estudio, "sueno": "8"})
    assert response.json["prediction"]["value"] == value


def test_what_programs_do_not_write_is_not_guessed_in_an_address(client):
    address = "/api/v1/models/exam/prediction?sueno=8&estudio=2,536"
    response = client.get(address, headers={"Accept-Language": "en"})
    assert response.json["errors"][0]["detail"] == "is ambiguous: write 2536 or 2.536"


WRITTEN = ["0", "-0", "-0.0", "1.", ".5", "+2", "007", "1e5", "1E-3", "-0.5", "9" * 30, "0.1" + "0" * 40 + "1",
           "5e-324", "1.7976931348623157e308", "123456789012345678", "-2.225073858507201e-308"]  # fmt: skip


@pytest.mark.parametrize("cells", [WRITTEN, *([text, "8", "2.5"] for text in WRITTEN)])
def test_column_of_numbers_is_exact(cells):
    assert [*map(repr, numerals.plain_numbers(cells, None))] == [repr(float(cell)) for cell in cells]


def test_columns_of_random_numbers_are_exact():
    random = Random(1)
    cells = [repr(random.uniform(-1, 1) * 10.0 ** random.randrange(-300, 300)) for _ in range(20_000)]
    assert numerals.plain_numbers(cells, None) == [*map(float, cells)]


@pytest.mark.parametrize("cells", [["1\n2", "3"], ["1", ""], ["1-2"], ["--1"], ["e"], ["1\n2", ""], ["."]])
def test_what_is_no_column_of_numbers_is_none(cells):
    assert numerals.plain_numbers(cells, None) is None


@pytest.mark.parametrize("neighbours", [["1500.5"], ["1500,5"], ["7"]])
def test_cell_is_ambiguous_whatever_stands_beside_it(neighbours):
    assert numerals.plain_numbers(["2.536", *neighbours], None) is None
