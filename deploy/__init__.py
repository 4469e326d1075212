"""The operator's commands: ``python3 -m deploy <command> [environment]``.

A bare Python 3.11 starts them: base, cli, environments and rehearsal use the standard library alone, for ``.venv`` is
made by them. release, models and generate run in ``.venv``, as programs that cli and Ansible start; a project's
``train.py`` returns what training defines. tests/unit/deploy/test_rooms.py checks which room imports what.
"""

import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:  # the only part that an older Python must be able to run
    sys.exit(f"Puerto needs Python 3.11 or newer; this one is {sys.version.split()[0]}.")
