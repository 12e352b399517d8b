"""Every rival on populations whose truth is known, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrl.data import strict_pairs
from scrl.evaluation import calibration_curve
from scrl.rivals import RIVALS
from scrl.scenarios import parse_scenario
from scrl.types import Catalogue, InputError, Ratings
from tests import lanes

NAMES = tuple(RIVALS)
#: Rivals whose fit does not depend on how often a rater is written down, if the weights agree.
PERSONAL = tuple(name for name in NAMES if name != "pooled")


def catalogue(prompts: int = 2, size: int = 5) -> Catalogue:
    names = tuple(f"c{i}" for i in range(size))
    offsets = np.arange(prompts + 1) * size
    return Catalogue(
        tuple(f"p{i}" for i in range(prompts)), names, np.tile(np.arange(size), prompts), offsets
    )


def ratings_of(ballots, raters=None, prompts=2, size=5) -> Ratings:
    """Ratings from (rater, prompt, {completion: rank}, weight), in any order."""
    ballots = sorted(ballots, key=lambda ballot: ballot[0])
    sizes = [len(ballot[2]) for ballot in ballots]
    raters = raters or max((ballot[0] for ballot in ballots), default=-1) + 1
    return Ratings(
        catalogue(prompts, size),
        tuple(f"r{i}" for i in range(raters)),
        np.array([b[0] for b in ballots], int),
        np.array([b[1] for b in ballots], int),
        np.array([b[3] for b in ballots], float),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.array([c for b in ballots for c in b[2]], int),
        np.array([rank for b in ballots for rank in b[2].values()], int),
    )


def sampled(raters=150, seed=0, types=3, prompts=2, size=5, keep=0.7, sharp=2.0, own=1.0):
    """Noisy ballots of raters of equally frequent types.

    Args:
        own: how much of a type's taste differs between prompts; the rest is of the completion.
    """
    rng = np.random.default_rng(seed)
    utility = own * rng.normal(size=(types, prompts, size))
    utility = sharp * (utility + (1 - own) * rng.normal(size=(types, 1, size)))
    ballots, kind = [], np.arange(raters) % types
    for rater in range(raters):
        for prompt in range(prompts):
            value = utility[kind[rater], prompt] + rng.gumbel(size=size)
            shown = np.flatnonzero(rng.random(size) < keep)
            order = shown[np.argsort(-value[shown])]
            if len(order):
                ranks = {int(c): place for place, c in enumerate(order)}
                ballots.append((rater, prompt, ranks, 1.0))
    return ratings_of(ballots, raters, prompts, size)


@pytest.fixture(scope="module")
def fitted():
    """Every rival, fitted to three types."""
    ratings = sampled()
    return ratings, {name: RIVALS[name].fit(ratings, 0) for name in NAMES}


def all_pairs(ratings, raters):
    """Every ordered pair of items of one prompt, for each of these raters."""
    prompt = ratings.catalogue.item_prompt
    first, second = np.nonzero((prompt[:, None] == prompt) & ~np.eye(len(prompt), dtype=bool))
    rater = np.repeat(raters, len(first))
    return rater, np.tile(first, len(raters)), np.tile(second, len(raters))


def answers(model, ratings, raters):
    return model.pair_probability(ratings, *all_pairs(ratings, np.asarray(raters)))


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_of_a_pair_and_its_reverse_add_up_to_one(name, fitted):
    ratings, models = fitted
    rater, first, second = all_pairs(ratings, np.arange(10))
    there = models[name].pair_probability(ratings, rater, first, second)
    back = models[name].pair_probability(ratings, rater, second, first)
    assert ((there > 0) & (there < 1)).all()
    assert there + back == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_ballots_and_raters_in_any_order_give_the_same(name, fitted):
    ratings, models = fitted
    rng = np.random.default_rng(1)
    new = rng.permutation(len(ratings.raters))  # the new number of each rater
    order = np.lexsort((rng.random(ratings.ballots), new[ratings.ballot_rater]))
    shuffled = [
        (
            int(new[ratings.ballot_rater[b]]), int(ratings.ballot_prompt[b]),
            {int(ratings.completion[e]): int(ratings.rank[e])
             for e in rng.permutation(np.arange(*ratings.offsets[b : b + 2]))}, 1.0,
        )
        for b in order
    ]  # fmt: skip
    again = RIVALS[name].fit(ratings_of(shuffled, len(ratings.raters)), 0)
    wanted = answers(models[name], ratings, [3, 40])
    found = answers(again, ratings, [3, 40])
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_weights_equal_repetition(name):
    ratings = sampled(raters=60, keep=0.8)
    times = np.arange(60) % 3 + 1
    weighted = replace(ratings, ballot_weight=times[ratings.ballot_rater].astype(float))
    first = np.cumsum(times) - times
    written = [
        (int(first[r]) + copy, int(ratings.ballot_prompt[b]),
         dict(zip(ratings.completion[s].tolist(), ratings.rank[s].tolist(), strict=True)), 1.0)
        for b, r in enumerate(ratings.ballot_rater)
        for s in [slice(*ratings.offsets[b : b + 2])]
        for copy in range(times[r])
    ]  # fmt: skip
    out = ratings_of(written)
    models = [RIVALS[name].fit(x, 0) for x in (weighted, out)]
    found = [answers(model, ratings, [0, 1, 2]) for model in models]
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    orders = [model.electorate(6000, np.random.default_rng(0)) for model in models]
    means = [(x[:, :5, None] > x[:, None, :5]).mean(0) for x in orders]
    assert means[0] == pytest.approx(means[1], abs=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_a_rater_without_ballots_gets_the_populations_probability(name, fitted):
    ratings, models = fitted
    wider = replace(ratings, raters=(*ratings.raters, "silent"))
    silent = answers(models[name], wider, [len(ratings.raters)])
    nobody = ratings.select(np.zeros(ratings.ballots, bool))
    assert answers(models[name], nobody, [0]) == pytest.approx(silent, abs=1e-9)
    # It is near the mean over the raters, and near the shares of observed pairs.
    everyone = answers(models[name], ratings, np.arange(150)).reshape(150, -1).mean(0)
    assert np.abs(silent - everyone).mean() < 0.08
    _, better, worse = strict_pairs(ratings)
    wins = np.zeros((10, 10))
    np.add.at(wins, (better, worse), 1.0)
    _, first, second = all_pairs(ratings, np.array([0]))
    share = wins[first, second] / (wins + wins.T)[first, second]
    assert np.abs(silent - share).max() < 0.2
    assert np.abs(silent - share).mean() < 0.06


@pytest.mark.parametrize("name", NAMES)
def test_raters_who_tie_everything_leave_every_pair_open(name):
    tied = ratings_of([(r, p, dict.fromkeys(range(5), 0), 1.0) for r in range(30) for p in (0, 1)])
    model = RIVALS[name].fit(tied, 0)
    assert answers(model, tied, [0, 7]) == pytest.approx(0.5, abs=1e-6)
    voters = model.electorate(4000, np.random.default_rng(0))
    first = np.bincount(voters[:, :5].argmax(1), minlength=5) / 4000
    assert first == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_ballots_stay_finite(name):
    """Single completions, one rater, one pair, unanimity, huge and tiny weights."""
    files = [
        [(0, 0, {0: 0}, 1.0), (1, 0, {1: 0}, 1.0), (2, 1, {2: 0}, 1.0)],
        [(0, 0, {0: 0, 1: 1}, 1.0)],
        [(r, 0, {0: 0, 1: 1, 2: 2}, 1.0) for r in range(50)],
        [(0, 0, {0: 0, 1: 1}, 1e9), (1, 0, {1: 0, 0: 1}, 1.0), (2, 1, {3: 0, 4: 0}, 1e-9)],
        [(0, 0, {0: 0, 1: 1}, 1.0)] * 40 + [(0, 0, {1: 0, 2: 1}, 1.0)] * 40
        + [(1, 0, {2: 0, 0: 1}, 1.0)],
    ]  # fmt: skip
    for ballots in files:
        ratings = ratings_of(ballots)
        model = RIVALS[name].fit(ratings, 0)
        found = answers(model, ratings, np.arange(len(ratings.raters)))
        assert np.isfinite(found).all()
        assert ((found >= 0) & (found <= 1)).all()
        voters = model.electorate(50, np.random.default_rng(0))
        assert voters.shape == (50, 10)
        assert np.isfinite(voters).all()


@pytest.mark.parametrize("name", PERSONAL)
def test_no_ballot_is_nothing_to_learn_from(name):
    with pytest.raises(InputError, match="no ballot"):
        RIVALS[name].fit(sampled(5).select(np.zeros(0, int)), 0)


def held_out_probabilities(name, ratings):
    """Trained on all but the last 150 raters, who show their other prompts and are asked one."""
    new = ratings.ballot_rater >= len(ratings.raters) - 150
    train = ratings.select(~new)
    visible = ratings.select(new & (ratings.ballot_prompt != 1))
    rater, better, worse = strict_pairs(ratings.select(new & (ratings.ballot_prompt == 1)))
    return RIVALS[name].fit(train, 0).pair_probability(visible, rater, better, worse)


@pytest.mark.parametrize("name", PERSONAL)
def test_three_types_are_predicted_better_than_by_one_reward(name):
    ratings = sampled(raters=450, keep=0.9, prompts=3, own=0.3)
    found = held_out_probabilities(name, ratings)
    pooled = held_out_probabilities("pooled", ratings)
    assert (found > 0.5).mean() > (pooled > 0.5).mean() + 0.05


@pytest.mark.parametrize("name", PERSONAL)
def test_raters_alike_are_predicted_as_well_as_by_one_reward(name):
    ratings = sampled(raters=450, keep=0.9, types=1, sharp=1.0)
    found = held_out_probabilities(name, ratings)
    pooled = held_out_probabilities("pooled", ratings)
    assert (found > 0.5).mean() > (pooled > 0.5).mean() - 0.02


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("types", lanes.deep([3], [1, 3]))
def test_probabilities_are_calibrated(name, types):
    ratings = sampled(raters=450, seed=3, types=types, prompts=3, keep=0.9, own=0.5)
    found = held_out_probabilities(name, ratings)
    assert calibration_curve(found).error < 0.06


@pytest.mark.parametrize("name", NAMES)
def test_voters_reproduce_the_pair_shares(name, fitted):
    """Of raters who are not silent by type."""
    ratings, models = fitted
    voters = models[name].electorate(6000, np.random.default_rng(0))
    _, better, worse = strict_pairs(ratings)
    wins = np.zeros((10, 10))
    np.add.at(wins, (better, worse), 1.0)
    for prompt in (slice(0, 5), slice(5, 10)):
        v = voters[:, prompt]
        share = (v[:, :, None] > v[:, None, :]).mean(0)
        counted = wins[prompt, prompt]
        observed = counted / np.maximum(counted + counted.T, 1)
        gap = np.abs(share - observed)[~np.eye(5, dtype=bool)]
        assert gap.mean() < 0.08


@pytest.mark.parametrize("name", NAMES)
def test_a_sparse_catalogue_is_bounded(name):
    """120 prompts of 10, each rater on one or two: nothing dense over raters × items²."""
    rng = np.random.default_rng(0)
    reward = rng.normal(size=(120, 10))
    ballots = []
    for rater in range(300):
        for prompt in rng.choice(120, 2, replace=False):
            value = reward[prompt] + rng.gumbel(size=10)
            shown = rng.choice(10, 5, replace=False)
            ranks = {int(c): i for i, c in enumerate(shown[np.argsort(-value[shown])])}
            ballots.append((rater, int(prompt), ranks, 1.0))
    ratings = ratings_of(ballots, prompts=120, size=10)
    assert RIVALS[name].too_large(ratings) == ""
    model = RIVALS[name].fit(ratings, 0)
    rater, better, worse = strict_pairs(ratings)
    found = model.pair_probability(ratings, rater[:500], better[:500], worse[:500])
    assert (found > 0.5).mean() > 0.6
    assert model.electorate(100, np.random.default_rng(0)).shape == (100, 1200)


SILENT = """
name: silence by type
completions: [a, b, c, d, e]
prompts: {p: {}}
raters: 1000
types:
  many: {share: 0.5, rankings: {p: [a, b, c, d, e]}}
  some: {share: 0.3, rankings: {p: [e, d, c, b, a]}, includes: {p: {a: 0.2, b: 0.3}}}
  few: {share: 0.2, rankings: {p: [c, e, a, d, b]}, includes: {p: {c: 0.3, e: 0.9}}}
"""


def test_types_are_recovered_where_they_are_silent():
    scenario = parse_scenario(SILENT, "silent.yaml")
    model = RIVALS["types"].fit(scenario.ratings(0), 0)
    assert np.sort(model.share) == pytest.approx([0.2, 0.3, 0.5], abs=0.03)
    order = {"".join("abcde"[i] for i in np.argsort(-reward)) for reward in model.reward}
    assert order == {"abcde", "edcba", "ceadb"}
    voters = model.electorate(2000, np.random.default_rng(0))
    first = np.bincount(voters.argmax(1), minlength=5) / 2000
    assert first == pytest.approx([0.5, 0, 0.2, 0, 0.3], abs=0.04)


@pytest.mark.parametrize("name", NAMES)
def test_no_pairs_give_no_probabilities(name):
    """A fold may have no strict hidden pair."""
    ratings = ratings_of([(r, p, {0: 0, 1: 1, 2: 2}, 1.0) for r in range(12) for p in range(2)])
    nobody = np.empty(0, int)
    found = RIVALS[name].fit(ratings).pair_probability(ratings, nobody, nobody, nobody)
    assert found.shape == (0,)
