"""Raters' weights, and weighted raters as repeated ones."""

import json

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.data.batches import buckets
from scrl.data.preflib import MAX_VOTERS
from scrl.data.weights import (
    rater_weights,
    relative_ballot_weights,
    repeated_rows,
    with_rater_weights,
)
from scrl.types import InputError


def ratings_of(rows):
    """Ratings from (rater, prompt, weight), all of two completions."""
    lines = ["rater,prompt,completion,rank,weight"]
    for rater, prompt, weight in rows:
        lines += [f"{rater},{prompt},{name},{rank},{weight}" for rank, name in enumerate("AB")]
    return parse_ratings("\n".join(lines).encode(), "weights.csv")


def test_a_rater_weighs_the_mean_of_its_ballots():
    ratings = ratings_of([("r", "p", 1), ("r", "q", 3), ("s", "p", 5)])
    assert rater_weights(ratings).tolist() == [2, 5]
    assert relative_ballot_weights(ratings).tolist() == [0.5, 1.5, 1]
    (bucket,) = buckets(ratings)
    assert bucket.weight.tolist() == [[0.5, 1.5], [1, 0]]
    assert bucket.rater_weight.tolist() == [1, 2.5]


def test_a_rater_without_ballots_weighs_as_others_do():
    ratings = ratings_of([("r", "p", 1), ("s", "p", 5), ("t", "p", 7)]).select([0, 1])
    assert rater_weights(ratings).tolist() == [1, 5, 3]
    assert rater_weights(ratings.select([])).tolist() == [1, 1, 1]


@pytest.mark.parametrize("common", [0.1, 1, 2, 3, 1e9])
def test_equal_weights_are_no_weights(common):
    rows = [(f"r{r}", f"p{p}", common) for r in range(5) for p in range(1 + r % 3)]
    ratings = ratings_of(rows)
    assert (relative_ballot_weights(ratings) == 1).all()
    assert all((bucket.rater_weight == 1).all() for bucket in buckets(ratings))
    assert repeated_rows(rater_weights(ratings), 100).tolist() == list(range(5))


def test_whole_multiples_recur_exactly():
    weight = np.array([2.0, 2, 60, 4])
    assert np.bincount(repeated_rows(weight, 1000)).tolist() == [1, 1, 30, 2]
    filled = np.bincount(repeated_rows(weight, 1000, fill=1000))
    assert filled.tolist() == [29, 29, 870, 58]


def test_other_weights_recur_in_proportion():
    weight = np.random.default_rng(0).uniform(0.3, 3.0, 200)
    count = np.bincount(repeated_rows(weight, 10_000, fill=10_000), minlength=200)
    np.testing.assert_allclose(count / count.sum(), weight / weight.sum(), atol=2e-4)
    capped = np.bincount(repeated_rows(weight, 10, fill=10), minlength=200)
    assert capped.sum() == 200
    assert (np.abs(capped - weight / weight.mean()) <= 1).all()


def test_a_large_preflib_election_gives_each_order_its_multiplicity():
    head = "# ALTERNATIVE NAME 1: A\n# ALTERNATIVE NAME 2: B\n"
    voters = MAX_VOTERS + 1
    ratings = parse_ratings(f"{head}{voters}: 1,2\n{2 * voters}: 2,1\n".encode(), "large.soc")
    assert rater_weights(ratings).tolist() == [voters, 2 * voters]
    (bucket,) = buckets(ratings)
    assert bucket.rater_weight.tolist() == [1, 2]


def test_a_raters_ballots_on_one_prompt_share_its_weight():
    rows = "".join(
        f"r,p,{name},{rank},{ballot},{ballot + 1}\n"
        for ballot in range(2)
        for rank, name in enumerate("AB")
    )
    text = "rater,prompt,completion,rank,ballot,weight\n" + rows + "s,p,A,0,0,4\ns,p,B,1,0,4\n"
    ratings = parse_ratings(text.encode(), "weights.csv")
    assert rater_weights(ratings).tolist() == [1.5, 4]
    np.testing.assert_allclose(with_rater_weights(ratings).ballot_weight, [0.5, 1, 4])


@pytest.mark.parametrize("weight", ["1e13", "1e39", "1e300", "1e-320", "1e-13"])
def test_weights_that_sums_would_lose_are_refused(weight):
    with pytest.raises(InputError, match=r"a number from 1e-12 to 1e\+12"):
        ratings_of([("r", "p", 1), ("s", "p", weight)])
    ballot = {"rater": "r", "prompt": "p", "ranking": [["A"], ["B"]], "weight": float(weight)}
    with pytest.raises(InputError, match=r"a number from 1e-12 to 1e\+12"):
        parse_ratings(json.dumps(ballot).encode(), "weights.jsonl")
