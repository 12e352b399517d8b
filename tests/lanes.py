"""How much is tried of what more trials make surer.

``SCRL_TEST_DEEP=1`` makes searches longer, and trainings and their repetitions more, than a suite
of ten minutes has time for. The oracles of rules are asked about 300 random profiles of each kind,
and 2,000 in deep mode. ``SCRL_TEST_PROFILES`` sets any other number.
"""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")

DEEP = os.environ.get("SCRL_TEST_DEEP", "0") != "0"
#: Marks a test of what a cheaper test shows too.
deep_only = pytest.mark.skipif(not DEEP, reason="only in deep mode: SCRL_TEST_DEEP=1")


def deep(usual: T, more: T) -> T:
    """``more`` where the suite is asked to go deep, otherwise ``usual``."""
    return more if DEEP else usual


PROFILES = int(os.environ.get("SCRL_TEST_PROFILES", deep(300, 2_000)))
