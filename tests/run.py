"""What kind of test run this is."""

import os

import pytest

FULL = bool(os.environ.get("PUERTO_FULL"))
"""Whether the long tests run too."""

long = pytest.mark.skipif(not FULL, reason="a long proof: PUERTO_FULL=1")
"""Marks a test that is one of them."""

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the parallel processes this is: each has hosts of its own."""
