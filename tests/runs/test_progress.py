"""Progress of one run as its part of several."""

import pytest

from scrl.runs.progress import chunk_reporter, part_reporter
from scrl.types import Progress


def test_progress_of_a_run_is_its_part_of_the_whole():
    heard = []
    listen = part_reporter(heard.append, 1, 4, "seed 1")
    listen(Progress("individual", 0.5, "x"))
    assert heard[0].fraction == pytest.approx(0.375)
    assert (heard[0].phase, heard[0].message) == ("individual", "seed 1")
    assert part_reporter(None, 0, 1, "") is None


def test_progress_of_a_fit_is_its_part_of_the_whole():
    heard = []
    chunk_reporter(heard.append, 1, 4, "VPL", "Training")(None, 0.5)
    assert heard[0].fraction == pytest.approx(0.375)
    assert chunk_reporter(None, 0, 1, "") is None
