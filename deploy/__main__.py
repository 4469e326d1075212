"""Starts the command line."""

import sys

from deploy.cli.parser import main

sys.exit(main())
