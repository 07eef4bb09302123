"""`python -m fleet` is the `fleet` command."""

from __future__ import annotations

import sys

from fleet.cli import main

sys.exit(main())
