"""A few kills of each work; ``python -m tests.durability --times 50`` does many."""

import os

import pytest

from tests.durability.kills import kill_repeatedly
from tests.durability.works import WORKS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]


@pytest.mark.parametrize("name", WORKS)
def test_what_was_finished_is_there_after_a_kill_and_nothing_half_written_counts(name, tmp_path):
    found = kill_repeatedly(WORKS[name], tmp_path, times=2, seed=1)
    assert found["pieces"]
