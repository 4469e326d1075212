"""Numbers as people and programs write them."""

import time

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
