"""Writes everything that is generated."""

import sys

from deploy.generate.files import main

sys.exit(main())
