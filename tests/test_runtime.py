"""A long-lived process does not run out of what compiled programs take."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from scrl.runtime import make_room
from scrl.types import Ballots

# The package's function of that name hides the module from an ordinary import.
counting = importlib.import_module("scrl.voting.counting")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="memory maps are not told here")
def test_programs_are_forgotten_where_room_is_short_and_only_there():
    ballots = Ballots(np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0]]))
    first = counting.aggregate(ballots, "borda")
    traced = counting.TRACES.total()
    make_room()
    counting.aggregate(ballots, "borda")
    assert counting.TRACES.total() == traced, "there was room"
    make_room(share=0.0)
    again = counting.aggregate(ballots, "borda")
    assert counting.TRACES.total() == traced + 1
    np.testing.assert_array_equal(again.scores, first.scores)
