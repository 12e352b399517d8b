"""What is hidden of ballots, and their strict pairs, by brute force."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.data import FOLDS, cross_validation_folds, hidden_entries, parse_ratings, strict_pairs


def ratings_of(rows, missing=None):
    """Ratings from (rater, prompt, places)."""
    lines = [
        json.dumps({"rater": r, "prompt": p, "ranking": places, "ballot": str(i)})
        for i, (r, p, places) in enumerate(rows)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl", missing)


@st.composite
def ragged(draw):
    rows = []
    for r in range(draw(st.integers(1, 6))):
        for _ in range(draw(st.integers(1, 3))):
            m = draw(st.integers(1, 7))
            order = draw(st.permutations(range(m)))
            places = [[f"c{c}"] for c in order]
            if m > 2 and draw(st.booleans()):
                places = [[*places[0], *places[1]], *places[2:]]
            rows.append((f"r{r}", draw(st.sampled_from("pq")), places))
    return ratings_of(rows)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.floats(0.05, 0.95), st.integers(0, 2**31))
def test_of_each_ballot_the_fraction_is_hidden(ratings, fraction, seed):
    """Rounded; or all or nothing of it, where a pair could not be hidden otherwise."""
    hidden = hidden_entries(ratings, fraction, np.random.default_rng(seed))
    count = np.bincount(ratings.entry_ballot, weights=hidden, minlength=ratings.ballots)
    wanted = np.round(fraction * ratings.sizes)
    split = wanted >= 2
    np.testing.assert_array_equal(count[split], wanted[split])
    assert ((count == 0) | (count == ratings.sizes))[~split].all()


def test_short_ballots_are_hidden_whole_as_often():
    ratings = ratings_of([(f"r{i}", "p", [["a"], ["b"]]) for i in range(3000)])
    hidden = hidden_entries(ratings, 0.3, np.random.default_rng(0)).reshape(-1, 2)
    assert (hidden[:, 0] == hidden[:, 1]).all()
    assert hidden.mean() == pytest.approx(0.3, abs=0.03)


def test_every_completion_is_hidden_as_often():
    ratings = ratings_of([(f"r{i}", "p", [[c] for c in "abcd"]) for i in range(3000)])
    hidden = hidden_entries(ratings, 0.5, np.random.default_rng(0)).reshape(-1, 4)
    assert (hidden.sum(1) == 2).all()
    np.testing.assert_allclose(hidden.mean(0), 0.5, atol=0.04)
    both = (hidden[:, 0] & hidden[:, 1]).mean()
    assert both == pytest.approx(1 / 6, abs=0.03)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.integers(0, 2**31))
def test_strict_pairs_of_the_hidden_part_by_brute_force(ratings, seed):
    hidden = np.random.default_rng(seed).random(len(ratings.item)) < 0.6
    wanted = []
    for b in range(ratings.ballots):
        entries = [e for e in range(*ratings.offsets[b : b + 2]) if hidden[e]]
        for e, f in combinations(entries, 2):
            if ratings.rank[e] != ratings.rank[f]:
                better, worse = (e, f) if ratings.rank[e] < ratings.rank[f] else (f, e)
                rater = ratings.ballot_rater[b]
                wanted.append((rater, ratings.item[better], ratings.item[worse]))
    found = zip(*strict_pairs(ratings.keep(hidden)), strict=True)
    assert sorted(map(tuple, found)) == sorted(wanted)


@settings(deadline=None, max_examples=60)
@given(ragged(), st.integers(0, 2**31))
def test_entries_kept_are_the_ballots_without_the_others(ratings, seed):
    keep = np.random.default_rng(seed).random(len(ratings.item)) < 0.5
    kept = ratings.keep(keep)
    wanted = []
    for b in range(ratings.ballots):
        entries = [e for e in range(*ratings.offsets[b : b + 2]) if keep[e]]
        if entries:
            held = [(int(ratings.item[e]), int(ratings.rank[e])) for e in entries]
            wanted.append((int(ratings.ballot_rater[b]), held))
    found = []
    for b in range(kept.ballots):
        some = slice(*kept.offsets[b : b + 2])
        held = list(zip(kept.item[some].tolist(), kept.rank[some].tolist(), strict=True))
        found.append((int(kept.ballot_rater[b]), held))
    assert found == wanted


@settings(deadline=None, max_examples=30)
@given(ragged(), st.integers(0, 2**31))
def test_every_rater_is_held_out_once_and_never_trained_on(ratings, seed):
    rng = np.random.default_rng(seed)
    raters = np.unique(ratings.ballot_rater)
    hidden = rng.random(len(ratings.item)) < 0.5
    order = rng.permutation(len(raters))
    folds = list(cross_validation_folds(ratings, raters, order, hidden))
    assert len(folds) == FOLDS
    assert sorted(np.concatenate([fold.held_out for fold in folds])) == raters.tolist()
    for fold in folds:
        assert not np.isin(fold.train.ballot_rater, fold.held_out).any()
        for part in (fold.visible, fold.hidden):
            assert np.isin(part.ballot_rater, fold.held_out).all()
        entries = [len(part.item) for part in (fold.train, fold.visible, fold.hidden)]
        assert sum(entries) == len(ratings.item)
    assert sum(len(fold.hidden.item) for fold in folds) == hidden.sum()
