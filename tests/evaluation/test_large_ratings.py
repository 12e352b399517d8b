"""Ratings beyond the limits are read in part: unbiased, stated, and in memory that is bounded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrl.choice_models import bradley_terry, long_tails
from scrl.data import held_out_splits, reading_limits
from scrl.evaluation import RaterBootstrap, rival_accuracy
from scrl.evaluation.intervals import TotalsBootstrap
from scrl.types import Catalogue, InputError, Ratings


def ratings_of(seed, raters=40, prompts=3, offered=9, longest=9):
    """Random ballots with ties on some completions of each prompt."""
    rng = np.random.default_rng(seed)
    offsets = offered * np.arange(prompts + 1)
    catalogue = Catalogue(
        tuple(f"p{i}" for i in range(prompts)), tuple(f"c{i}" for i in range(offsets[-1])),
        np.arange(offsets[-1]), offsets,
    )  # fmt: skip
    rater = np.sort(rng.integers(0, raters, 3 * raters))
    prompt = rng.integers(0, prompts, len(rater))
    sizes = rng.integers(2, longest + 1, len(rater))
    completion = [
        offsets[p] + rng.permutation(offered)[:n] for p, n in zip(prompt, sizes, strict=True)
    ]
    rank = [np.unique(rng.integers(0, n, n), return_inverse=True)[1] for n in sizes]
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(raters)), rater, prompt,
        rng.integers(1, 4, len(rater)).astype(float), np.r_[0, np.cumsum(sizes)],
        np.concatenate(completion), np.concatenate(rank),
    )  # fmt: skip


def test_sampled_pairs_are_the_raters_and_unbiased():
    ratings = ratings_of(0, raters=6)
    every = list(zip(*held_out_splits.strict_pairs(ratings), strict=True))
    limit, draws = len(every) // 2, 300
    total = dict.fromkeys(every, 0.0)
    for seed in range(draws):
        *pairs, stands_for = held_out_splits.sampled_strict_pairs(
            ratings, limit, np.random.default_rng(seed)
        )
        assert len(stands_for) <= limit
        for pair, weight in zip(zip(*pairs, strict=True), stands_for, strict=True):
            total[pair] += weight / draws
    times = {pair: every.count(pair) for pair in total}
    ratio = np.array([total[pair] / times[pair] for pair in total])
    assert abs(ratio.mean() - 1) < 0.02
    assert ratio.std() < 0.2  # by chance .1
    assert held_out_splits.strict_pair_counts(ratings).sum() == len(every)


def test_all_pairs_are_kept_where_they_fit():
    ratings = ratings_of(1)
    *pairs, stands_for = held_out_splits.sampled_strict_pairs(
        ratings, 10**6, np.random.default_rng(0)
    )
    for found, wanted in zip(pairs, held_out_splits.strict_pairs(ratings), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert (stands_for == 1).all()


@pytest.mark.parametrize("weighting", ["pair", "ballot"])
def test_long_tails_are_counted_like_explicit_pairs(weighting, monkeypatch):
    ratings = ratings_of(2)
    late = np.minimum(ratings.rank, 1)  # most are tied last
    ratings = Ratings(
        ratings.catalogue, ratings.raters, ratings.ballot_rater, ratings.ballot_prompt,
        ratings.ballot_weight, ratings.offsets, ratings.completion, late, absent="last",
    ).completed()  # fmt: skip
    wanted = bradley_terry.pair_counts(ratings, weighting)
    monkeypatch.setattr(long_tails, "MIN_TAIL", 2)
    assert long_tails.has_long_tail(ratings).sum() > 30
    found = bradley_terry.pair_counts(ratings, weighting)
    for a, b in zip(vars(found).values(), vars(wanted).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_raters_are_read_at_random_within_the_limit(monkeypatch):
    ratings = ratings_of(3)
    limit = len(ratings.item) // 2
    monkeypatch.setattr(reading_limits, "LEAST_ENTRIES", limit)
    monkeypatch.setattr(reading_limits, "ENTRIES_AN_ITEM", 0)
    count, present = np.zeros(len(ratings.raters)), np.unique(ratings.ballot_rater)
    for seed in range(200):
        read, notes = reading_limits.readable(ratings, np.random.default_rng(seed))
        assert len(read.item) <= limit
        raters = np.unique(read.ballot_rater)
        count[raters] += 1 / 200
        assert f"reads {len(raters)} of {len(present)} raters" in notes[0]
    assert abs(count[present] - count[present].mean()).max() < 0.2  # by chance .03 each


def test_long_ballots_are_thinned_at_random(monkeypatch):
    ratings = ratings_of(4, longest=9)
    monkeypatch.setattr(reading_limits, "MAX_SLOTS", 4 * ratings.ballots)
    monkeypatch.setattr(reading_limits, "MIN_PLACES", 2)
    read, notes = reading_limits.readable(ratings, np.random.default_rng(0))
    np.testing.assert_array_equal(read.sizes, np.minimum(ratings.sizes, 4))
    assert "more than 4 completions" in notes[0]


def test_a_prompt_of_too_many_completions_is_refused_by_name():
    ratings = ratings_of(5, raters=12, prompts=1, offered=reading_limits.MAX_OFFERED + 1)
    with pytest.raises(InputError, match=r"ratings: prompt 'p0' has 4,001 completions.* leave out"):
        reading_limits.require_countable_pairs(ratings)


def test_totals_of_raters_give_the_intervals_of_their_pairs():
    rng = np.random.default_rng(0)
    rater, value = np.sort(rng.integers(0, 30, 500)), rng.integers(0, 3, 500) / 2
    weight = rng.integers(1, 4, 30)[rater].astype(float)
    by_pairs = RaterBootstrap(rater, np.random.default_rng(1), weight)(value)
    _, row = np.unique(rater, return_inverse=True)
    totals = TotalsBootstrap(np.bincount(row, weight), np.random.default_rng(1))
    assert totals.interval(np.bincount(row, weight * value)) == by_pairs


def test_predictions_in_parts_are_those_at_once(monkeypatch):
    pairs = tuple(np.arange(25) + i for i in range(3))
    monkeypatch.setattr(rival_accuracy, "MAX_AT_ONCE", 7)
    found = rival_accuracy.in_parts(lambda a, b, c: a + 10 * b + 100 * c, pairs)
    np.testing.assert_array_equal(found, pairs[0] + 10 * pairs[1] + 100 * pairs[2])
    assert not len(rival_accuracy.in_parts(lambda a, b, c: 1.0 * a, tuple(x[:0] for x in pairs)))


MEMORY = """
from pathlib import Path
import numpy as np
from scrl.choice_models import pair_counts
from scrl.data.held_out_splits import strict_pair_counts, strict_pairs
from scrl.types import Catalogue, Ratings
rng, voters, m, k = np.random.default_rng(0), 4000, 379, 5
catalogue = Catalogue(("p",), tuple(map(str, range(m))), np.arange(m), np.array([0, m]))
order = np.argsort(rng.random((voters, m)), axis=1)[:, :k]
ratings = Ratings(
    catalogue, tuple(map(str, range(voters))), np.arange(voters), np.zeros(voters, int),
    np.ones(voters), k * np.arange(voters + 1), order.ravel(), np.tile(np.arange(k), voters),
    absent="last",
).completed()
strict = k * (m - k) + k * (k - 1) // 2
assert (strict_pair_counts(ratings) == strict).all()
assert len(strict_pairs(ratings)[0]) == voters * strict  # 7.5 million of 287 million
counts = pair_counts(ratings)
total = counts.wins_first.sum() + counts.wins_second.sum()
assert total == voters * m * (m - 1) / 2
status = Path("/proc/self/status").read_text()  # ru_maxrss would include the parent's memory
print(int(status.split("VmHWM:")[1].split()[0]) / 2**20)
"""


def test_ties_at_the_end_cost_nothing():
    """All pairs of these ballots would be 2.3 GB for each column."""
    found = subprocess.run(
        [sys.executable, "-c", MEMORY], cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert float(found.stdout) < 1.2
