"""How many random profiles the oracles are asked about.

The whole suite checks 2,000 of each kind. Where the slow tests are left out (``-m "not slow"``),
``tests/conftest.py`` asks for 300. ``SCRL_TEST_PROFILES`` sets any other number.
"""

import os

FULL, QUICK = 2_000, 300
PROFILES = int(os.environ.get("SCRL_TEST_PROFILES", FULL))
