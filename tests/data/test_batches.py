"""Ragged ratings in padded arrays: nothing lost, nothing twice, little wasted."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.data import parse_ratings
from scrl.data.batches import buckets, padded_size
from scrl.data.weights import rater_weights


def ratings_of(rows, missing=None):
    """Ratings from (rater, prompt, places, weight)."""
    lines = [
        json.dumps({"rater": r, "prompt": p, "ranking": places, "weight": w, "ballot": str(i)})
        for i, (r, p, places, w) in enumerate(rows)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl", missing)


@st.composite
def ragged(draw):
    """Raters with one ballot or many, of one completion or many, on prompts that recur."""
    rows = []
    for r in range(draw(st.integers(1, 8))):
        for _ in range(draw(st.sampled_from([1, 1, 2, 3, 9, 40]))):
            m = draw(st.sampled_from([1, 2, 3, 5, 12]))
            ranking = [[f"c{i}"] for i in range(m)]
            if m > 2 and draw(st.booleans()):
                ranking = [[*ranking[0], *ranking[1]], *ranking[2:]]
            rows.append((f"r{r}", draw(st.sampled_from("pq")), ranking, draw(st.integers(1, 3))))
    return rows


def entries_of(ratings, least):
    """(rater, ballot's weight, sorted (item, rank)) of each ballot long enough.

    Weights are relative to that of the lightest rater.
    """
    found, unit = Counter(), rater_weights(ratings).min()
    for b in range(ratings.ballots):
        some = slice(*ratings.offsets[b : b + 2])
        if ratings.sizes[b] >= least:
            held = sorted(
                zip(ratings.item[some].tolist(), ratings.rank[some].tolist(), strict=True)
            )
            weight = round(float(ratings.ballot_weight[b] / unit), 5)
            found[int(ratings.ballot_rater[b]), weight, tuple(held)] += 1
    return found


def entries_in(parts):
    found = Counter()
    for bucket in parts:
        for row in range(bucket.size):
            for contest in np.flatnonzero(bucket.mask[row].any(1)):
                mask = bucket.mask[row, contest]
                held = zip(
                    bucket.item[row, contest, mask].tolist(),
                    bucket.rank[row, contest, mask].tolist(),
                    strict=True,
                )
                weight = round(float(bucket.weight[row, contest] * bucket.rater_weight[row]), 5)
                found[int(bucket.rater[row]), weight, tuple(sorted(held))] += 1
    return found


@settings(deadline=None, max_examples=60)
@given(ragged(), st.sampled_from([1, 2]), st.sampled_from(["unseen", "last"]))
def test_every_entry_appears_exactly_once(rows, least, missing):
    whole = ratings_of(rows, missing).with_absent_resolved()
    parts = buckets(whole, least)
    assert entries_in(parts) == entries_of(whole, least)
    seen = np.concatenate([b.rater[: b.size] for b in parts]) if parts else []
    assert len(set(seen)) == len(seen), "a rater is whole, in one row"


@settings(deadline=None, max_examples=40)
@given(ragged(), st.integers(1, 9))
def test_padding_is_marked_and_parts_are_the_whole(rows, most):
    whole = buckets(ratings_of(rows))
    parts = [part for bucket in whole for part in bucket.parts(most)]
    assert entries_in(parts) == entries_in(whole)
    for bucket in [*whole, *parts, *(bucket.padded(bucket.size + most) for bucket in whole)]:
        assert (bucket.rater[bucket.size :] == -1).all()
        assert (bucket.rater[: bucket.size] >= 0).all()
        assert not bucket.mask[bucket.size :].any()
        assert ((bucket.weight > 0) == bucket.mask.any(2)).all()
        assert bucket.cells == bucket.mask[0].size
    assert all(len(part.rater) == most for part in parts)


@settings(deadline=None, max_examples=40)
@given(ragged())
def test_shapes_are_few_and_no_row_is_more_than_four_times_too_long(rows):
    parts = buckets(ratings_of(rows))
    for bucket in parts:
        for need, length in zip(
            (bucket.mask.any(2).sum(1), bucket.mask.sum(2).max(1)),
            bucket.mask.shape[1:],
            strict=True,
        ):
            assert (need[: bucket.size] <= length).all()
            assert (length <= 4 * need[: bucket.size]).all()
    assert len({bucket.mask.shape[1:] for bucket in parts}) == len(parts) <= 12


def test_a_heavy_rater_costs_its_own_bucket_alone():
    pair = [["c0"], ["c1"]]
    rows = [(f"r{r}", "p", pair, 1) for r in range(1000)]
    rows += [("heavy", "p", [[f"c{i}"] for i in range(12)], 1)] * 500
    parts = buckets(ratings_of(rows))
    cells = sum(bucket.mask.size for bucket in parts)
    used = sum(int(bucket.mask.sum()) for bucket in parts)
    assert used == 1000 * 2 + 500 * 12
    assert cells < 4 * used
    (small,) = (bucket for bucket in parts if bucket.size > 1)
    assert small.size == 1000
    assert small.mask[0].size <= 8


def test_nobody_said_anything():
    assert buckets(ratings_of([("r0", "p", [["c0"]], 1), ("r1", "p", [["c1"]], 1)])) == []


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 9, 100, 1000, 12_345])
def test_sizes_recur_and_waste_at_most_half(n):
    size = padded_size(n)
    assert n <= size < max(2 * n, 2)
    assert padded_size(size) == size
    while size % 2 == 0:
        size //= 2
    assert size in (1, 3)
