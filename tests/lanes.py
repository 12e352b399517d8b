"""How much is tried of what more trials make surer.

The whole suite checks the oracles on 2,000 random profiles of each kind. Where the slow tests are
left out (``-m "not slow"``), ``tests/conftest.py`` asks for 300. ``SCRL_TEST_PROFILES`` sets any
other number. ``SCRL_TEST_DEEP=1`` makes searches longer, and trainings and their repetitions more,
than a suite of ten minutes has time for.
"""

import os
from typing import TypeVar

T = TypeVar("T")

FULL, QUICK = 2_000, 300
PROFILES = int(os.environ.get("SCRL_TEST_PROFILES", FULL))
DEEP = os.environ.get("SCRL_TEST_DEEP", "0") != "0"


def deep(usual: T, more: T) -> T:
    """``more`` where the suite is asked to go deep, otherwise ``usual``."""
    return more if DEEP else usual
