"""Stored ratings are checked some ballots at a time, and every fault is found wherever it is."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.data import stored_ratings
from scrl.types import Catalogue, Ratings

BALLOTS, SIZE = 7, 3


def ratings_of(ballot=0, completion=None, rank=None):
    """Ballots of three completions; one has other completions or ranks."""
    catalogue = Catalogue(
        ("p", "q"), tuple("abcdef"), np.arange(6), np.array([0, SIZE, 2 * SIZE])
    )  # fmt: skip
    prompt = np.arange(BALLOTS) % 2
    completions = SIZE * prompt[:, None] + np.arange(SIZE)
    ranks = np.tile(np.array([1, 0, 2]), (BALLOTS, 1))
    if completion is not None:
        completions[ballot] = SIZE * prompt[ballot] + np.array(completion)
    if rank is not None:
        ranks[ballot] = rank
    return Ratings(
        catalogue, ("r",), np.zeros(BALLOTS, int), prompt, np.ones(BALLOTS),
        SIZE * np.arange(BALLOTS + 1), completions.ravel(), ranks.ravel(),
    )  # fmt: skip


@pytest.mark.parametrize("block", [1, 4, 6, 1000])
def test_faults_are_found_in_every_ballot(block, monkeypatch):
    monkeypatch.setattr(stored_ratings, "_BLOCK", block)
    stored_ratings.check_ratings(ratings_of())
    for ballot in range(BALLOTS):
        other = 1 if ballot % 2 else 3  # one less or more than the prompt's: of the other prompt
        for fault, said in (
            ({"completion": (0, 1, 2 + other if other == 3 else -1)}, "does not offer"),
            ({"completion": (0, 1, 1)}, "twice"),
            ({"rank": (0, 1, 3)}, "are not 0, 1, 2"),
            ({"rank": (1, 1, 2)}, "are not 0, 1, 2"),
        ):
            with pytest.raises(ValueError, match=said):
                stored_ratings.check_ratings(ratings_of(ballot, **fault))
