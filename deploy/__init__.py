"""The operator's commands: ``python3 -m deploy <verb> [environment]``.

Only the standard library is used here, except in ``deploy.model`` (which runs inside ``.venv``), so that a
bare Python 3.11 can start it.
"""

import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:  # the one part that an older Python must be able to run
    sys.exit(f"Puerto needs Python 3.11 or newer; this one is {sys.version.split()[0]}.")
