"""How much longer a job takes, in words."""

import pytest

from ui.shared.job_progress import time_left_text


@pytest.mark.parametrize(
    ("fraction", "elapsed", "seconds", "said"),
    [
        (0.02, 40, 1680, ""),  # early, the pace says nothing
        (0.3, 60, 90, ""),
        (0.5, 60, None, ""),
        (0.5, 100, 1680, "about 2 minutes more"),  # no longer than what the first half took
        (0.5, 100, 58, "about a minute more"),
        (0.5, 40, 30, "less than a minute more"),
        (0.9, 90, 8, "a few seconds more"),
        (1.0, 90, 0.0, "a few seconds more"),
    ],
)
def test_time_left_is_said_late_and_in_round_words(fraction, elapsed, seconds, said):
    assert time_left_text(fraction, elapsed, seconds) == said
