"""Raters held out by weight: nothing hidden is trained on, and weights are repeated raters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.types import Ratings
from scrl.utility_models import tabulate
from scrl.utility_models.held_out_raters import (
    HELD_OUT,
    MAX_HELD_OUT,
    hold_out,
    pair_information,
    separate_raters,
    systematic_counts,
)


def ratings_of(lines) -> Ratings:
    """Ratings from (weight, order on p, order on q); "" for no ballot."""
    text = ["rater,prompt,completion,rank,weight"]
    for number, (weight, *orders) in enumerate(lines):
        for prompt, order in zip("pq", orders, strict=False):
            text += [f"r{number},{prompt},{c},{i},{weight}" for i, c in enumerate(order)]
    return parse_ratings("\n".join(text).encode(), "held.csv")


def weights_of(ratings: Ratings) -> dict[tuple, float]:
    """The weight of each distinct ballot."""
    found: dict[tuple, float] = {}
    for b in range(ratings.ballots):
        order = order_of(ratings, b)
        found[order] = found.get(order, 0.0) + float(ratings.ballot_weight[b])
    return found


def test_raters_held_out_keep_their_features():
    """Every copy of a rater has that rater's features, and what is trained on has all of them."""
    rng = np.random.default_rng(3)
    ratings = ratings_of([(w, "".join(rng.permutation(list("abcd"))), "") for w in (1, 5, 2) * 10])
    features = rng.normal(size=(30, 2)).astype(np.float32)
    features[4, 1] = np.nan
    ratings = replace(ratings, rater_features=features)
    (copies,) = systematic_counts(np.array([1.0, 5, 2] * 10), 20, rng)
    separate = separate_raters(ratings, copies)
    assert len(separate.raters) == 20
    np.testing.assert_array_equal(separate.rater_features, np.repeat(features, copies, axis=0))
    split = hold_out(ratings, rng)[0]
    of_order: dict[tuple, list] = {}
    for b in range(ratings.ballots):
        of_order.setdefault(order_of(ratings, b), []).append(features[ratings.ballot_rater[b]])
    whole = split.whole
    for b in range(whole.ballots):
        own = whole.rater_features[whole.ballot_rater[b]]
        known = of_order[order_of(whole, b)]
        assert any(np.array_equal(own, one, equal_nan=True) for one in known)
    assert split.train.rater_features.shape == (len(split.train.raters), 2)
    np.testing.assert_array_equal(split.train.rater_features[:30], features)
    np.testing.assert_array_equal(split.train.rater_features[30:], whole.rater_features)


def test_raters_of_equal_ballots_and_other_features_are_distinct():
    lines = [(1, "ab", "")] * 4 + [(2, "ab", "")]
    plain = ratings_of(lines)
    assert tabulate(plain).features is None
    assert tabulate(plain).rows == 1
    features = np.float32([[0, np.nan], [-0.0, np.nan], [1, 2], [1, np.nan], [1, 2]])
    table = tabulate(replace(plain, rater_features=features))
    assert table.rows == 3
    assert table.row[0] == table.row[1]
    assert table.row[2] == table.row[4]
    np.testing.assert_array_equal(table.features[table.row], features)
    np.testing.assert_allclose(table.mass[table.row], [2, 2, 3, 1, 3])
    part = table.take(np.array([0, 2]))
    np.testing.assert_array_equal(part.features, table.features[[0, 2]])


def order_of(ratings: Ratings, ballot: int) -> tuple:
    """Items of a ballot, best first."""
    part = slice(*ratings.offsets[ballot : ballot + 2])
    return tuple(ratings.item[part][np.argsort(ratings.rank[part])].tolist())


LINES = [(1, "abcd", "ef")] * 60 + [(1, "dcba", "")] * 40 + [(30, "bacd", "fe")]


def test_a_part_of_the_weight_is_held_out_and_the_rest_is_trained_on():
    ratings = ratings_of(LINES)
    (split,) = hold_out(ratings, np.random.default_rng(0))
    held = tabulate(split.whole).mass.sum()
    assert held == len(split.whole.raters) == round(HELD_OUT * 130)
    # The heavy rater is thirty raters of 130.
    heavy = [order for order in weights_of(split.whole) if order[:2] == (1, 0)]
    assert weights_of(split.whole)[heavy[0]] == pytest.approx(30 * HELD_OUT, abs=1)
    everything, whole = weights_of(ratings), weights_of(split.whole)
    shown = split.train.ballot_weight[split.train.ballot_rater < len(ratings.raters)].sum()
    assert shown + split.whole.ballot_weight.sum() == pytest.approx(sum(everything.values()))
    assert set(whole) <= set(everything)


def test_what_is_hidden_is_seen_nowhere():
    """Of the held-out raters only the visible part is trained on."""
    ratings = ratings_of([(1, "".join(np.random.default_rng(i).permutation(list("abcdefgh"))), "")
                          for i in range(40)])  # fmt: skip
    split = hold_out(ratings, np.random.default_rng(1))[0]
    rater, better, worse = split.pairs
    for r in range(len(split.whole.raters)):
        visible = split.visible.item[split.visible.ballot_rater[split.visible.entry_ballot] == r]
        hidden = np.union1d(better[rater == r], worse[rater == r])
        assert len(hidden) == 4
        assert not set(hidden) & set(visible)
        mine = split.train.ballot_rater == len(ratings.raters) + r
        entries = mine[split.train.entry_ballot]
        assert sorted(split.train.item[entries]) == sorted(visible)
    # Nobody is trained on with a whole ballot and held out too.
    whole = weights_of(split.whole)
    assert not set(whole) & set(weights_of(split.train))


def test_pairs_are_the_raters_own():
    ratings = ratings_of(LINES)
    (split,) = hold_out(ratings, np.random.default_rng(2))
    place = {}
    for e, (ballot, item) in enumerate(
        zip(split.whole.entry_ballot, split.whole.item, strict=True)
    ):
        place[split.whole.ballot_rater[ballot], item] = split.whole.rank[e]
    for rater, better, worse in zip(*split.pairs, strict=True):
        assert place[rater, better] < place[rater, worse]


def test_copies_hide_different_parts():
    """One heavy rater is many raters, and not one rater's pairs counted many times."""
    (split,) = hold_out(ratings_of([(100, "abcd", "")]), np.random.default_rng(0))
    patterns = {tuple(np.sort(split.visible.item[slice(*split.visible.offsets[b : b + 2])]))
                for b in range(split.visible.ballots)}  # fmt: skip
    assert len(patterns) == 6, "all pairs of four completions"


def test_the_bits_of_an_order_are_shared_by_its_pairs():
    ratings = ratings_of([(1, "abc", "ef"), (3, "dc", "")])
    found = pair_information(ratings)
    np.testing.assert_allclose(np.sort(found), np.sort([*[np.log2(6) / 3] * 3, 1.0, 3.0]))


def test_systematic_samples_are_in_proportion():
    weight = np.array([0.0, 1.0, 2.5, 6.5])
    rng = np.random.default_rng(0)
    counts = np.array([systematic_counts(weight, 5, rng)[0] for _ in range(4000)])
    assert (counts.sum(1) == 5).all()
    np.testing.assert_allclose(counts.mean(0), weight / 2, atol=0.03)
    assert (np.abs(counts - weight / 2) < 1).all()


def test_separated_raters_cast_the_same_ballots():
    ratings = ratings_of([(2, "ab", "ef"), (1, "ba", ""), (1, "ab", "")])
    found = separate_raters(ratings, np.array([2, 0, 1]))
    assert len(found.raters) == 3
    assert found.ballot_rater.tolist() == [0, 1, 0, 1, 2]
    assert weights_of(found) == {(0, 1): 3.0, (2, 3): 2.0}


def test_few_raters_are_not_held_out_and_of_many_only_some():
    assert hold_out(ratings_of([(1, "ab", ""), (1, "ba", "")]), np.random.default_rng(0)) == []
    (many,) = hold_out(
        ratings_of([(5000, "abcd", ""), (3000, "dcba", "")]), np.random.default_rng(0)
    )
    assert len(many.whole.raters) == MAX_HELD_OUT


def test_of_few_raters_two_disjoint_parts_are_held_out():
    rng = np.random.default_rng(0)
    lines = [(1, "".join(rng.permutation(list("abcdefgh"))), "") for _ in range(30)]
    splits = hold_out(ratings_of(lines), rng)
    assert [len(split.whole.raters) for split in splits] == [8, 8]
    one, other = (set(weights_of(split.whole)) for split in splits)
    assert not one & other
    for split in splits:
        assert not set(weights_of(split.whole)) & set(weights_of(split.train))
