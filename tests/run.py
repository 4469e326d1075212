"""What kind of test run this is."""

import os

FULL = bool(os.environ.get("PUERTO_FULL"))
"""Whether the long tests run too."""

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the parallel processes this is: each has hosts of its own."""
