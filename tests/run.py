"""What kind of run this is."""

import os

FULL = bool(os.environ.get("PUERTO_FULL"))
"""Whether the long proofs are wanted too."""

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the processes side by side this is: each has hosts of its own."""
