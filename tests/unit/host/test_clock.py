"""A host's clock: too far off this machine's, certificates and package lists aren't valid there."""

import time

import pytest
from puerto import doctor, preflight


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [(-7200, "Its clock is 7200 s behind this machine's"), (7200, "Its clock is 7200 s ahead of this machine's")],
)
def test_clock_that_is_off_is_refused_before_anything_changes(monkeypatch, ahead, sentence):
    now = time.time()
    requirements = preflight.Requirements(0, 0, int(now), "", adopt=False, acme_directory="")
    monkeypatch.setattr(preflight.time, "time", lambda: int(now) + ahead)
    assert [*preflight._clock(requirements)] == [f"{sentence}: set it (timedatectl set-ntp true)."]


def test_clock_that_is_right_is_no_fault():
    assert not [*preflight._clock(preflight.Requirements(0, 0, int(time.time()), "", adopt=False, acme_directory=""))]


def test_doctor_says_that_a_clock_drifts():
    finding = doctor._clock(int(time.time()) - 90)
    assert not finding["good"]
    assert finding["seen"].startswith("its clock is 9") and finding["advice"] == "timedatectl set-ntp true"
