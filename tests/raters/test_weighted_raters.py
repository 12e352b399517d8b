"""Weighted raters count as repeated ones, from the training to the electorate."""

import numpy as np
import pytest

import scrl
from scrl.config import Config, DensityConfig
from scrl.data import parse_ratings
from scrl.data.batches import buckets
from scrl.data.weights import rater_weights
from scrl.pipeline import check_input
from scrl.raters import Embedding, Posterior
from scrl.raters.density import weighted_draws
from scrl.raters.fitting import PADDED_ROWS, training_rows
from scrl.raters.missing_blocks import missing_items, response_rate
from tests.tiny import BRIEF


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


def test_distinct_ballots_count_by_weight(experiment):
    def total(ratings, max_ballots=1000):
        # Names are of no account: only the weights are looked at.
        found = experiment.individual.distinct_ballots(ratings, max_ballots)
        return np.concatenate([weight for weight, _ in found])

    assert total(ratings_of(GROUPS)).tolist() == total(repeated(GROUPS)).tolist() == [100, 300]
    orders = ["ABCD", "BCDA", "DCBA", "CDAB", "ACBD", "DBCA"]
    many = ratings_of([(1, 1000 if i == 1 else 1, order) for i, order in enumerate(orders)])
    selected = total(many, 4)
    assert len(selected) <= 4
    assert selected.max() / selected.sum() == 1.0, "the heavy order is not left out"


def test_draws_are_by_weight():
    ratings = ratings_of(GROUPS)
    mean = np.repeat([0.0, 10.0], [100, 10])[:, None].astype(np.float32)
    embedding = Embedding(np.arange(110), Posterior(mean, np.full_like(mean, -10)))
    draws = weighted_draws(embedding, ratings, DensityConfig(), np.random.default_rng(0))
    assert len(draws) == 400
    assert (draws > 5).mean() == 0.75
    few = weighted_draws(
        Embedding(np.array([0, 109]), Posterior(mean[[0, 109]], np.full((2, 1), -10.0))),
        ratings, DensityConfig(), np.random.default_rng(0),
    )  # fmt: skip
    assert len(few) == 31 * 16
    equal = ratings_of([(100, 3, "AB"), (10, 3, "BA")])
    rng = (np.random.default_rng(0) for _ in range(2))
    draws = weighted_draws(embedding, equal, DensityConfig(), next(rng))
    np.testing.assert_array_equal(draws, embedding.posterior.draw(next(rng)))


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


@pytest.mark.slow
def test_a_common_weight_changes_nothing():
    groups, config = [(30, "AB"), (20, "BA")], Config(individual=BRIEF, rules=("borda",))
    one, two = (
        scrl.run(ratings_of([(n, weight, o) for n, o in groups]), config, 0) for weight in (1, 2)
    )
    np.testing.assert_array_equal(one.latents, two.latents)
    np.testing.assert_array_equal(one.voters[0]["borda"].scores, two.voters[0]["borda"].scores)


@pytest.mark.slow
def test_a_large_preflib_election_is_counted_by_its_voters():
    head = "".join(f"# ALTERNATIVE NAME {i}: {name}\n" for i, name in enumerate("ABC", 1))
    text = head + "60000: 1,2,3\n40000: 2,3,1\n20000: 3,2,1\n"
    ratings = parse_ratings(text.encode(), "large.soc")
    assert rater_weights(ratings).tolist() == [60_000, 40_000, 20_000]
    check_input(ratings, ["plurality"])
    run = scrl.run(ratings, Config(rules=("plurality",)), 0)
    assert run.voters[0]["plurality"].scores == pytest.approx([1 / 2, 1 / 3, 1 / 6], abs=0.01)
