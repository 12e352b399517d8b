"""Compiled programs do not exhaust the memory maps of a long-lived process."""

from pathlib import Path

import numpy as np
import pytest

from scrl.runtime import free_memory_maps
from scrl.types import Ballots
from scrl.voting import counting
from scrl.voting.compiled_counting import TRACES


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no memory maps")
def test_programs_are_dropped_only_where_memory_maps_run_short(monkeypatch):
    monkeypatch.setattr(counting, "MAX_HOST_CONTESTS", 0)
    ballots = Ballots(np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0]]))
    first = counting.aggregate(ballots, "borda")
    traced = TRACES.total()
    free_memory_maps()
    counting.aggregate(ballots, "borda")
    assert TRACES.total() == traced, "nothing is dropped"
    free_memory_maps(share=0.0)
    again = counting.aggregate(ballots, "borda")
    assert TRACES.total() == traced + 1
    np.testing.assert_array_equal(again.scores, first.scores)
