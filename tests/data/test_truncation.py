"""Ballots that stop after the best are noted, ballots with random gaps are not."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.data.truncation import NOTE

NAMES = "abcdefgh"
UTILITY = np.linspace(1.5, -1.5, len(NAMES))


def file_of(truncated: bool, seed: int, utility: np.ndarray = UTILITY, raters: int = 60) -> bytes:
    """Ballots of one to eight completions: the best ones, or ones at random."""
    rng = np.random.default_rng(seed)
    lines = ["rater,prompt,completion,rank"]
    for rater in range(raters):
        order = np.argsort(-(utility + rng.gumbel(size=len(utility))))
        size = int(rng.integers(1, 7)) if rng.random() < 0.8 else len(order)
        kept = order[:size] if truncated else order[np.sort(rng.permutation(len(order))[:size])]
        lines += [f"r{rater},p,{NAMES[c]},{place}" for place, c in enumerate(kept)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("seed", range(5))
def test_ballots_that_stop_after_the_best_are_noted_once(seed):
    assert parse_ratings(file_of(True, seed), "x.csv").notes.count(NOTE) == 1


@pytest.mark.parametrize("seed", range(5))
def test_ballots_with_random_gaps_are_not(seed):
    assert NOTE not in parse_ratings(file_of(False, seed), "x.csv").notes


@pytest.mark.parametrize("missing", ["last", "unseen"])
def test_who_says_what_a_gap_means_needs_no_note(missing):
    assert NOTE not in parse_ratings(file_of(True, 0), "x.csv", missing).notes


def test_few_raters_or_raters_without_agreement_give_no_note():
    assert NOTE not in parse_ratings(file_of(True, 0, raters=15), "x.csv").notes
    assert NOTE not in parse_ratings(file_of(True, 0, np.zeros(8)), "x.csv").notes
