"""Writes every generated file."""

import sys

from deploy.generate.files import main

sys.exit(main())
