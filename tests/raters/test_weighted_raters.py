"""Weighted raters count as repeated ones, from the training to the electorate."""

import numpy as np
import pytest
from scipy.special import expit

import scrl
from scrl.config import Config
from scrl.data import parse_ratings
from scrl.data.batches import buckets
from scrl.data.weights import rater_weights
from scrl.pipeline import check_input
from scrl.raters.fitting import PADDED_ROWS, training_rows
from scrl.raters.missing_blocks import missing_items, response_rate
from scrl.utility_models import tabulate
from scrl.utility_models.population_fit import fit_population
from tests import lanes


def ratings_of(groups):
    """Ratings of one prompt from (raters, weight, order)."""
    lines = ["rater,prompt,completion,rank,weight"]
    names = (f"r{i}" for i in range(100_000))
    for raters, weight, order in groups:
        for name in (next(names) for _ in range(raters)):
            lines += [f"{name},p,{item},{rank},{weight}" for rank, item in enumerate(order)]
    return parse_ratings("\n".join(lines).encode(), "weights.csv")


def repeated(groups):
    return ratings_of([(raters * weight, 1, order) for raters, weight, order in groups])


GROUPS = [(100, 1, "AB"), (10, 30, "BA")]


def test_batches_are_drawn_by_weight():
    rows = [training_rows(buckets(r)[0]) for r in (ratings_of(GROUPS), repeated(GROUPS))]
    # The same shapes, and so the same compiled program.
    assert [len(bucket.rank) for bucket in rows] == [PADDED_ROWS] * 2
    second_first = [bucket.item[: bucket.size, 0, 0].mean() for bucket in rows]
    assert second_first == pytest.approx([0.75, 0.75], abs=1e-9)


def test_batches_of_equal_weights_are_the_raters():
    bucket = buckets(ratings_of([(7, 2, "AB"), (3, 2, "BA")]))[0]
    rows = training_rows(bucket)
    assert rows.size == 10
    np.testing.assert_array_equal(rows.rater[:10], bucket.rater)


def test_distinct_raters_count_by_weight():
    tables = [tabulate(r) for r in (ratings_of(GROUPS), repeated(GROUPS))]
    assert [table.mass.tolist() for table in tables] == [[100, 300]] * 2


def test_the_fitted_population_is_by_weight():
    fits = [fit_population(r).population for r in (ratings_of(GROUPS), repeated(GROUPS))]
    first = [fit.share @ expit(fit.reward[:, 0] - fit.reward[:, 1]) for fit in fits]
    assert first == pytest.approx([0.25, 0.25], abs=0.01)


def test_response_rates_are_by_weight():
    ratings = ratings_of([(1, 3, "ABC"), (1, 1, "AB")])
    rate = response_rate(ratings, np.zeros(2, int))
    assert rate[0].tolist() == [1, 1, 0.75]
    assert not missing_items(ratings, np.zeros(2, int), 0.02).any()


@pytest.mark.slow
def test_the_electorate_is_by_weight():
    """A tenth of the raters hold three quarters of the weight."""
    config = Config(rules=("plurality",))
    runs = [scrl.run(ratings, config, 0) for ratings in (ratings_of(GROUPS), repeated(GROUPS))]
    for run in runs:
        share = dict(zip(run.catalogue.names(0), run.voters[0]["plurality"].scores, strict=True))
        assert share == pytest.approx({"A": 0.25, "B": 0.75}, abs=0.01)
    np.testing.assert_allclose(runs[0].mle, runs[1].mle, atol=1e-6)


@lanes.deep_only
@pytest.mark.slow
def test_weights_equal_repetition_with_four_orders():
    groups = [(60, 1, "ABCD"), (20, 3, "BCDA"), (5, 12, "DCBA"), (9, 2, "CDAB")]
    runs = [
        scrl.run(ratings, Config(rules=("plurality", "borda")), 0)
        for ratings in (ratings_of(groups), repeated(groups))
    ]
    for rule in ("plurality", "borda"):
        one, two = (run.voters[0][rule].scores for run in runs)
        np.testing.assert_allclose(one, two, atol=0.01)


def points(groups) -> np.ndarray:
    run = scrl.run(ratings_of(groups), Config(rules=("borda",)), 0)
    return run.voters[0]["borda"].scores


@pytest.mark.slow
def test_a_common_weight_is_so_many_raters_and_a_fraction_one():
    doubled = points([(30, 2, "AB"), (20, 2, "BA")])
    np.testing.assert_allclose(doubled, points([(60, 1, "AB"), (40, 1, "BA")]), atol=0.01)
    one, half = (points([(30, weight, "AB"), (20, weight, "BA")]) for weight in (1, 0.5))
    np.testing.assert_array_equal(one, half)


@pytest.mark.slow
def test_a_large_preflib_election_is_counted_by_its_voters():
    head = "".join(f"# ALTERNATIVE NAME {i}: {name}\n" for i, name in enumerate("ABC", 1))
    text = head + "60000: 1,2,3\n40000: 2,3,1\n20000: 3,2,1\n"
    ratings = parse_ratings(text.encode(), "large.soc")
    assert rater_weights(ratings).tolist() == [60_000, 40_000, 20_000]
    check_input(ratings, ["plurality"])
    run = scrl.run(ratings, Config(rules=("plurality",)), 0)
    assert run.voters[0]["plurality"].scores == pytest.approx([1 / 2, 1 / 3, 1 / 6], abs=0.01)
