"""Starts the command line."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one line that an older Python must be able to read
    sys.exit("Puerto needs Python 3.11 or newer; this one is %d.%d." % sys.version_info[:2])  # noqa: UP031

from deploy.cli import main

sys.exit(main())
