"""What kind of run this is."""

import os

import pytest

FULL = bool(os.environ.get("PUERTO_FULL"))
"""Whether the long proofs are wanted too."""

long = pytest.mark.skipif(not FULL, reason="a long proof: PUERTO_FULL=1")
"""Marks a test that is one of them."""

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the processes side by side this is: each has hosts of its own."""
