"""The Davidson–Luce likelihood against the definition written out, and the fits it leads to."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import chisquare

from scrl.choice_models.davidson import fit_davidson
from scrl.types import InputError
from scrl.utility_models import TieModel, sample_ranks, tabulate
from scrl.utility_models.likelihood import choices
from scrl.utility_models.tie_model import updated_ties
from scrl.utility_models.tied_choices import tie_counts
from tests.rivals.test_rivals import ratings_of

TIES = TieModel(np.array([0, 1, 0.6, 0.25, 0]), np.array([0, 1, 0.7, 0.4, 1.3]))


def table_of(ranks):
    """The table of ballots on one prompt ``[ballots, items]``, -1 where one is not ranked."""
    ballots = [
        (rater, 0, {item: int(r) for item, r in enumerate(row) if r >= 0}, 1.0)
        for rater, row in enumerate(ranks)
    ]
    return tabulate(ratings_of(ballots, prompts=1, size=np.shape(ranks)[1]))


@cache
def weak_orders(items):
    """All rankings with ties of ``items`` items, as dense ranks."""
    return [r for r in product(range(items), repeat=items) if set(r) == set(range(max(r) + 1))]


def set_weight(members, left, utility, ties):
    size = len(members)
    prevalence = ties.final[size] if size == left else ties.inner[size]
    return prevalence * np.exp(np.mean([utility[i] for i in members]))


def by_definition(ranks, utility, ties):
    """The probability of one ballot, every set of every stage written out."""
    value, left = 1.0, [i for i, r in enumerate(ranks) if r >= 0]
    for stage in range(max(ranks) + 1):
        sets = [s for size in range(1, len(left) + 1) for s in combinations(left, size)]
        total = sum(set_weight(s, len(left), utility, ties) for s in sets)
        taken = [i for i in left if ranks[i] == stage]
        value *= set_weight(taken, len(left), utility, ties) / total
        left = [i for i in left if i not in taken]
    return value


def evaluate(table, reward, ties):
    return choices(table.slots, reward[..., table.slots.item], ties)


@pytest.mark.parametrize("items", [2, 3, 4])
def test_probabilities_are_those_of_the_definition_and_add_up_to_one(items):
    ranks = np.array(weak_orders(items))
    utility = np.random.default_rng(items).normal(scale=1.5, size=items)
    table = table_of(ranks)
    found = np.exp(evaluate(table, utility, TIES).log_likelihood)
    rows = table.cast @ np.eye(len(ranks))  # ballots of each distinct rater
    probability = (rows @ found)[table.row]
    assert probability == pytest.approx([by_definition(r, utility, TIES) for r in ranks])
    assert probability.sum() == pytest.approx(1)


@pytest.fixture(scope="module")
def table():
    """All rankings of four completions, and some of three of them."""
    partial = [np.insert(r, 1, -1) for r in weak_orders(3)]
    return table_of(np.array([*weak_orders(4), *partial]))


def test_gradient_and_hessian_agree_with_differences(table):
    utility = np.random.default_rng(5).normal(size=table.slots.mask.shape)
    found, step = choices(table.slots, utility, TIES), 1e-5
    hessian = found.neg_hessian()
    for place in range(utility.shape[1]):
        ends = [
            choices(table.slots, utility + sign * step * np.eye(4)[place], TIES) for sign in (1, -1)
        ]
        slope = (ends[0].log_likelihood - ends[1].log_likelihood) / (2 * step)
        assert found.gradient[:, place] == pytest.approx(slope, abs=1e-8)
        change = (ends[1].gradient - ends[0].gradient) / (2 * step)
        assert hessian[:, place] == pytest.approx(change, abs=1e-8)


def test_the_diagonal_bound_is_above_the_hessian(table):
    rng = np.random.default_rng(6)
    for scale in (0.1, 1.0, 5.0):
        utility = scale * rng.normal(size=table.slots.mask.shape)
        found = choices(table.slots, utility, TIES)
        exact, probability = found.neg_hessian(), found.probabilities()
        diagonal = found.expected[..., None] * np.eye(4)
        bound = diagonal - np.swapaxes(probability, 1, 2) @ probability
        assert np.linalg.eigvalsh(bound - exact).min() > -1e-12
        assert np.linalg.eigvalsh(exact).min() > -1e-12


def test_expected_shares_are_distributions_over_what_is_left(table):
    utility = np.random.default_rng(7).normal(size=table.slots.mask.shape)
    found = choices(table.slots, utility, TIES)
    probability, slots = found.probabilities(), table.slots
    stage = slots.mask & (slots.tie_start == np.arange(4))
    assert probability.sum(2) == pytest.approx(stage.astype(float))
    assert (probability >= 0).all()
    assert np.triu(np.ones((4, 4))) * probability == pytest.approx(probability)
    assert found.expected == pytest.approx(probability.sum(1))


def test_without_ties_it_is_plackett_luce():
    rng = np.random.default_rng(8)
    ranks = np.argsort(rng.random((30, 6)), axis=1)
    table = table_of(ranks)
    utility = 3 * rng.normal(size=(2, *table.slots.mask.shape))
    found = choices(table.slots, utility, TieModel.none(6))
    wanted = choices(table.slots, utility)
    for name in ("log_likelihood", "gradient", "expected"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=1e-12)
    assert found.probabilities() == pytest.approx(wanted.probabilities(), abs=1e-12)
    assert found.neg_hessian() == pytest.approx(wanted.neg_hessian(), abs=1e-12)


def test_leading_axes_are_evaluated_apart(table):
    reward = np.random.default_rng(9).normal(size=(3, 2, 4))
    together = evaluate(table, reward, TIES)
    counts = []
    for kind in np.ndindex(3, 2):
        alone = evaluate(table, reward[kind], TIES)
        assert together.log_likelihood[kind] == pytest.approx(alone.log_likelihood)
        assert together.gradient[kind] == pytest.approx(alone.gradient)
        assert together.probabilities()[kind] == pytest.approx(alone.probabilities())
        assert together.neg_hessian()[kind] == pytest.approx(alone.neg_hessian())
        counts.append(tie_counts(alone, np.ones(len(table.prompt))))
    both = tie_counts(together, np.ones(len(table.prompt)))
    total = sum(counts[1:], start=counts[0])
    for name in ("observed", "expected", "possible"):
        assert getattr(both, name) == pytest.approx(getattr(total, name))


def test_two_completions_follow_davidson():
    """P(tie) = ν √(πᵢ πⱼ) / (πᵢ + πⱼ + ν √(πᵢ πⱼ)), and the fit is Davidson's."""
    ranks = np.array([(0, 1), (1, 0), (0, 0)])
    table, weight = table_of(ranks), np.array([50.0, 20.0, 30.0])
    wins = np.array([[0.0, weight[0]], [weight[1], 0.0]])
    tied = np.array([[0.0, weight[2]], [weight[2], 0.0]])
    wanted = fit_davidson(wins[None], tied[None], prior_sd=1e4)
    ballot = table.cast.indices[table.row]
    by_ballot = np.zeros(3)
    by_ballot[ballot] = weight
    reward, ties = fit(table, by_ballot, 2)
    assert reward[0] - reward[1] == pytest.approx(np.ptp(wanted.reward), abs=1e-3)
    assert ties.final[2] == pytest.approx(wanted.tie, rel=1e-3)


def test_ties_that_cannot_be_have_probability_zero(table):
    found = choices(table.slots, np.zeros(table.slots.mask.shape), TieModel.none(4))
    tied = (table.slots.tie_stop - table.slots.tie_start > 1).any(1)
    assert np.isneginf(found.log_likelihood[tied]).all()
    assert np.isfinite(found.log_likelihood[~tied]).all()
    assert np.isfinite(found.gradient).all()
    covered = choices(
        table.slots, np.zeros((*tied.shape, 4)), TieModel.none(2).covering(table.slots)
    )
    assert np.isfinite(covered.log_likelihood).all()


def test_a_start_has_the_sizes_that_occur():
    start = TieModel.start(table_of([[0, 0, 1, 2], [0, 1, 1, 1]]).slots)
    assert (start.inner > 0).tolist() == [False, True, True, False, False]
    assert (start.final > 0).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("inner", [[0, 2.0], [0, 1, -1.0], [0, 1, np.nan], [0, 1, 0, 0]])
def test_prevalences_are_checked(inner):
    with pytest.raises(InputError):
        TieModel(np.array(inner), np.array([0, 1, 0.5]))


def spread_ties(size):
    """Ties of all sizes."""
    return TieModel(np.r_[0, 1, np.full(size - 1, 0.3)], np.r_[0, 1, np.full(size - 1, 0.2)])


def log_by_definition(ranks, utility, ties):
    """The log-likelihood of one complete ballot, from the sum over all sets of every stage."""
    value, left = 0.0, np.arange(len(ranks))
    for stage in range(max(ranks) + 1):
        member = np.array(list(product([0, 1], repeat=len(left))))[1:]
        size, taken = member.sum(1), ranks[left] == stage
        prevalence = np.where(size == len(left), ties.final[size], ties.inner[size])
        weight = np.log(prevalence) + member @ utility[left] / size
        value += weight[(member == taken).all(1)][0] - np.logaddexp.reduce(weight)
        left = left[~taken]
    return value


@pytest.mark.parametrize("kind", ["two values", "even", "reversed"])
def test_fifteen_places_with_utilities_far_apart(kind):
    rng, place = np.random.default_rng(10), np.arange(15)
    ranks = np.array([place // 2, place // 4, np.minimum(place, 5)])
    table = table_of(ranks)
    ties = spread_ties(15)
    utility = np.linspace(30, -30, 15) * (-1 if kind == "reversed" else 1)
    if kind == "two values":
        utility = rng.choice([-30.0, 30.0], 15)
    found = evaluate(table, utility, ties)
    wanted = [log_by_definition(r, utility, ties) for r in ranks]
    ballot = table.cast.indices[table.row]
    assert found.log_likelihood[ballot] == pytest.approx(wanted, rel=1e-12)
    hessian = found.neg_hessian()
    assert found.gradient.sum(1) == pytest.approx(0, abs=1e-10)
    assert hessian.sum(2) == pytest.approx(0, abs=1e-10)
    assert np.linalg.eigvalsh(hessian).min() > -1e-10


def test_updates_climb_to_where_observed_and_expected_ties_agree():
    """With other utilities on every ballot, from a start far away."""
    rng = np.random.default_rng(18)
    ranks = sample_ranks(rng.normal(scale=2.0, size=(400, 4)), TIES, rng)
    table = table_of(ranks)
    utility, weight = rng.normal(scale=2.0, size=table.slots.mask.shape), weights_of(table)
    ties = TieModel(TIES.inner * [1, 1, 50, 0.02, 1], TIES.final * [1, 1, 0.01, 30, 30])
    values = []
    for _ in range(60):
        found = choices(table.slots, utility, ties)
        values.append(weight @ found.log_likelihood)
        ties = updated_ties(ties, tie_counts(found, weight))
    assert np.diff(values).min() > -1e-3
    counts = tie_counts(choices(table.slots, utility, ties), weight)
    assert counts.expected == pytest.approx(counts.observed, abs=0.02)
    last = (ranks == ranks.max(1, keepdims=True)).sum(1)
    assert counts.observed[1, 2:] == pytest.approx(np.bincount(last, minlength=5)[2:])
    assert (ties.inner > 0).tolist() == [False, True, True, True, False]


def fit(table, weight, items, steps=60):
    """Utilities and prevalences of maximum likelihood, by alternate steps."""
    reward, ties, item = np.zeros(items), TieModel.start(table.slots), table.slots.item
    for _ in range(steps):
        found = evaluate(table, reward, ties)
        slope, curve = np.zeros(items), 1e-9 * np.eye(items)
        np.add.at(slope, item, weight[:, None] * found.gradient)
        both = item[:, :, None], item[:, None, :]
        np.add.at(curve, both, weight[:, None, None] * found.neg_hessian())
        reward = reward + np.clip(np.linalg.lstsq(curve, slope, rcond=1e-10)[0], -1, 1)
        ties = updated_ties(ties, tie_counts(evaluate(table, reward, ties), weight))
    return reward - reward.mean(), ties


def weights_of(table):
    return table.cast.T @ table.mass


def test_draws_have_the_probabilities_of_the_model():
    rng, items = np.random.default_rng(11), 4
    utility = np.array([1.0, 0.2, -0.3, -0.9])
    ranks = sample_ranks(np.tile(utility, (40_000, 1)), TIES, rng)
    orders = weak_orders(items)
    probability = np.array([by_definition(r, utility, TIES) for r in orders])
    places, count = np.unique(ranks, axis=0, return_counts=True)
    seen = dict(zip(map(tuple, places.tolist()), count, strict=True))
    assert set(seen) <= set(orders)
    assert chisquare([seen.get(r, 0) for r in orders], 40_000 * probability).pvalue > 0.001


def test_draws_without_ties_are_plackett_luce():
    rng = np.random.default_rng(12)
    utility = np.array([1.0, 0.0, -1.0])
    strict = TieModel.none(3)
    ranks = sample_ranks(np.tile(utility, (20_000, 1)), strict, rng)
    orders = [r for r in weak_orders(3) if len(set(r)) == 3]
    probability = [by_definition(r, utility, strict) for r in orders]
    count = [(ranks == r).all(1).sum() for r in orders]
    assert sum(count) == 20_000
    assert chisquare(count, 20_000 * np.array(probability)).pvalue > 0.001


def test_draws_are_dense_ranks_however_far_apart_utilities_are():
    rng = np.random.default_rng(19)
    assert sample_ranks(np.zeros((0, 4)), TIES, rng).shape == (0, 4)
    assert sample_ranks(np.zeros((5, 1)), TIES, rng).tolist() == [[0]] * 5
    far = sample_ranks(rng.choice([-30.0, 30.0, 900.0], (200, 15)), spread_ties(15), rng)
    assert all(set(row) == set(range(max(row) + 1)) for row in far.tolist())


def test_voters_keep_their_own_utilities():
    utility = np.array([[40.0, 0.0, -40.0], [-40.0, 40.0, 0.0], [0.0, 0.0, 80.0]])
    ties = TieModel(np.array([0, 1, 0.1, 0]), np.array([0, 1, 0, 0.1]))
    ranks = sample_ranks(utility, ties, np.random.default_rng(13))
    assert ranks[:2].tolist() == [[0, 1, 2], [2, 0, 1]]
    assert ranks[2, 2] == 0


def test_a_fit_recovers_utilities_and_prevalences():
    rng = np.random.default_rng(14)
    utility = np.array([1.2, 0.5, 0.0, -0.6, -1.1])
    ties = TieModel(np.array([0, 1, 0.4, 0.15, 0, 0]), np.array([0, 1, 0.8, 0, 0.5, 0]))
    table = table_of(sample_ranks(np.tile(utility, (20_000, 1)), ties, rng))
    reward, found = fit(table, weights_of(table), 5)
    assert reward == pytest.approx(utility - utility.mean(), abs=0.05)
    assert found.inner == pytest.approx(ties.inner, abs=0.03)
    assert found.final == pytest.approx(ties.final, abs=0.05)


def test_mostly_tied_pairs_are_reproduced():
    """70 % A = B, 20 % A ≻ B, 10 % B ≻ A."""
    ranks = np.repeat([(0, 0), (0, 1), (1, 0)], [70, 20, 10], axis=0)
    table = table_of(ranks)
    reward, ties = fit(table, weights_of(table), 2)
    drawn = sample_ranks(np.tile(reward, (50_000, 1)), ties, np.random.default_rng(15))
    gap = drawn[:, 1] - drawn[:, 0]
    assert [(gap == g).mean() for g in (0, 1, -1)] == pytest.approx([0.7, 0.2, 0.1], abs=0.01)


def test_ballots_that_are_all_tied_are_reproduced():
    table = table_of(np.zeros((30, 3), int))
    reward, ties = fit(table, weights_of(table), 3)
    drawn = sample_ranks(np.tile(reward, (5_000, 1)), ties, np.random.default_rng(16))
    assert (drawn == 0).all(1).mean() > 0.99
    assert reward == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", ["truncated", "approvals"])
def test_lengths_of_ballots_are_reproduced(kind):
    """Ballots that name some completions, in order or as equals, before all others."""
    rng = np.random.default_rng(17)
    utility = np.array([1.5, 1.0, 0.5, 0.0, -1.0, -2.0])
    place = np.argsort(np.argsort(-(utility + rng.gumbel(size=(6_000, 6))), axis=1), axis=1)
    length = rng.choice([1, 2, 3, 4], 6_000, p=[0.4, 0.3, 0.2, 0.1])
    named = place < length[:, None]
    ranks = np.where(named, place, length[:, None]) if kind == "truncated" else 1 - named
    table = table_of(ranks)
    reward, ties = fit(table, weights_of(table), 6)
    drawn = sample_ranks(np.tile(reward, (40_000, 1)), ties, rng)
    before = (drawn < drawn.max(1, keepdims=True)).sum(1)
    found = np.bincount(before, minlength=6)[1:5] / len(before)
    wanted = np.bincount(length, minlength=6)[1:5] / len(length)
    assert found == pytest.approx(wanted, abs=0.015)
    first = [((r == 0) / (r == 0).sum(1, keepdims=True)).mean(0) for r in (drawn, ranks)]
    assert first[0] == pytest.approx(first[1], abs=0.02)
