"""A population of raters: posteriors, evidence and predictions against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logsumexp, softmax
from scipy.stats import norm

from scrl.data import parse_ratings
from scrl.types import Catalogue, Ratings
from scrl.utility_models import TieModel, tabulate
from scrl.utility_models.covariance import initial_covariance
from scrl.utility_models.population import Population
from scrl.utility_models.population_fit import fit_population
from scrl.utility_models.prediction import estimated_win_probability
from scrl.utility_models.rater_posteriors import group_raters
from tests import lanes

NAMES = tuple("abcde")
#: Two prompts with the same completions.
CATALOGUE = Catalogue(("p", "q"), NAMES, np.tile(np.arange(5), 2), np.array([0, 5, 10]))
SMALL = Catalogue(("p",), tuple("abc"), np.arange(3), np.array([0, 3]))


def population_of(catalogue: Catalogue, types: int, variance: float, seed: int = 0) -> Population:
    """Types with correlated variation within; their mean rewards are known exactly."""
    rng = np.random.default_rng(seed)
    reward = rng.normal(0, 1.5, (types, catalogue.items))
    covariance = initial_covariance(catalogue)
    names = len(covariance.between_completions)
    root = rng.normal(size=(names, names))
    between = root @ root.T / names + 0.3 * np.eye(names)
    between *= variance / np.diag(between).mean()
    return Population(
        reward, np.zeros_like(reward), rng.dirichlet(np.full(types, 5.0)),
        replace(covariance, between_completions=between),
    )  # fmt: skip


def utilities(population: Population, raters: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Types ``[raters]`` and utilities ``[raters, items]`` of raters drawn from a population."""
    kind = rng.choice(population.types, raters, p=population.share)
    return kind, population.reward[kind] + population.covariance.draw(raters, rng)


def strict_ballots(utility: np.ndarray, catalogue: Catalogue, sizes, rng) -> Ratings:
    """One ballot of each rater on some prompts, of ``sizes [raters, prompts]`` completions."""
    rater, prompt, item, rank, offsets = [], [], [], [], [0]
    for r, own in enumerate(sizes):
        for p, size in enumerate(own):
            if size < 2:
                continue
            start, stop = catalogue.offsets[p : p + 2]
            some = rng.permutation(np.arange(start, stop))[:size]
            order = np.argsort(-(utility[r, some] + rng.gumbel(size=size)))
            rater, prompt = [*rater, r], [*prompt, p]
            item += some[order].tolist()
            rank += list(range(size))
            offsets.append(len(item))
    return Ratings(
        catalogue, tuple(map(str, range(len(utility)))), np.array(rater), np.array(prompt),
        np.ones(len(rater)), np.array(offsets), catalogue.members[np.array(item)], np.array(rank),
    )  # fmt: skip


def gap_posteriors(population: Population, ratings: Ratings, first, second):
    """Of each rater's gap of utilities: probability of types, means, standard deviations
    ``[raters, types]``."""
    of, table = population.covariance.of, tabulate(ratings)
    weight, mean, sd = np.zeros((3, len(ratings.raters), population.types))
    for group in group_raters(table):
        typed = population.posteriors(group)
        for k, (at, own, found) in typed.given.items():
            for r, row in enumerate(own.rows):
                for rater in np.flatnonzero(table.row == row):
                    a, b = first[rater], second[rater]
                    item = own.item[r, own.mask[r]]
                    n = len(item)
                    cross = of(item, a) - of(item, b)
                    known = cross @ found.information[r, :n, :n] @ cross
                    prior = of(a, a) + of(b, b) - 2 * of(a, b)
                    weight[rater, k] = typed.probability[at[r], k]
                    gap = population.reward[k, a] - population.reward[k, b]
                    mean[rater, k] = gap + found.alpha[r, :n] @ cross
                    sd[rater, k] = np.sqrt(prior - known)
    return weight, mean, sd


@pytest.fixture(scope="module")
def simulated():
    """2,000 raters, their ballots of different length, and a random pair of each."""
    rng = np.random.default_rng(1)
    population = population_of(CATALOGUE, 2, 1.5)
    _, utility = utilities(population, 2000, rng)
    sizes = rng.integers(0, 6, (2000, 2))
    sizes[:, 0] = np.maximum(sizes[:, 0], 2)
    ratings = strict_ballots(utility, CATALOGUE, sizes, rng)
    prompt = rng.integers(0, 2, 2000)
    pair = np.array([5 * p + rng.permutation(5)[:2] for p in prompt])
    return population, utility, sizes, ratings, pair[:, 0], pair[:, 1]


def test_credible_regions_of_utility_gaps_cover_the_raters(simulated):
    population, utility, _, ratings, first, second = simulated
    weight, mean, sd = gap_posteriors(population, ratings, first, second)
    raters = np.arange(2000)
    truth = utility[raters, first] - utility[raters, second]
    below = (weight * norm.cdf((truth[:, None] - mean) / sd)).sum(1)
    for level in (0.5, 0.8, 0.95):
        covered = (np.abs(below - 0.5) < level / 2).mean()
        assert covered == pytest.approx(level, abs=0.03)


def test_a_rater_who_said_less_has_a_wider_posterior(simulated):
    population, _, sizes, ratings, first, second = simulated
    weight, mean, sd = gap_posteriors(population, ratings, first, second)
    centre = (weight * mean).sum(1, keepdims=True)
    variance = (weight * (sd**2 + (mean - centre) ** 2)).sum(1)
    said = np.where(sizes >= 2, sizes, 0).sum(1)
    widths = [variance[said <= 3].mean(), variance[(said > 3) & (said < 7)].mean(),
              variance[said >= 7].mean()]  # fmt: skip
    assert widths[0] > 1.1 * widths[1] > 1.1**2 * widths[2]


TIES = TieModel(np.array([0, 1, 0.4, 0]), np.array([0, 1, 0.4, 0.2]))


def plackett_luce(utility: np.ndarray, order) -> np.ndarray:
    """Log-probability of an order under each draw of utilities ``[draws, items]``."""
    return sum(
        utility[:, order[i]] - logsumexp(utility[:, order[i:]], axis=1) for i in range(len(order))
    )


@pytest.mark.parametrize("orders", [[[0, 1, 2]], [[2, 0]], [[0, 1, 2], [0, 2, 1]], [[1, 2]] * 3])
def test_evidence_is_that_of_simulation(orders):
    population = population_of(SMALL, 2, 1.0, seed=3)
    _, utility = utilities(population, 400_000, np.random.default_rng(0))
    wanted = logsumexp(sum(plackett_luce(utility, order) for order in orders)) - np.log(400_000)
    flat = np.concatenate(orders)
    ratings = Ratings(
        SMALL, ("r",), np.zeros(len(orders), int), np.zeros(len(orders), int),
        np.ones(len(orders)), np.cumsum([0, *map(len, orders)]), flat,
        np.concatenate([np.arange(len(order)) for order in orders]),
    )  # fmt: skip
    (group,) = group_raters(tabulate(ratings))
    found = population.posteriors(group)
    assert found.log_evidence[0] == pytest.approx(wanted, abs=0.05)


def test_evidence_of_a_tie_is_that_of_simulation():
    population = replace(population_of(SMALL, 2, 1.0, seed=3), ties=(TIES, TIES))
    _, utility = utilities(population, 400_000, np.random.default_rng(0))
    # First a alone or tied with another, or all three; then the last two, tied or not.
    strength = np.exp(utility)
    pairs = [(0, 1), (0, 2), (1, 2)]
    inner = sum(np.sqrt(strength[:, i] * strength[:, j]) for i, j in pairs)
    total = strength.sum(1) + 0.4 * inner + 0.2 * np.cbrt(strength.prod(1))
    tied = 0.4 * np.sqrt(strength[:, 1] * strength[:, 2])
    likelihood = strength[:, 0] / total * tied / (strength[:, 1] + strength[:, 2] + tied)
    ratings = Ratings(
        SMALL, ("r",), np.zeros(1, int), np.zeros(1, int), np.ones(1), np.array([0, 3]),
        np.arange(3), np.array([0, 1, 1]),
    )  # fmt: skip
    (group,) = group_raters(tabulate(ratings))
    found = population.posteriors(group)
    assert found.log_evidence[0] == pytest.approx(np.log(likelihood.mean()), abs=0.05)


@pytest.mark.parametrize("variance", [0.0, 1.0])
def test_predictions_are_those_of_importance_sampling(variance):
    rng = np.random.default_rng(5)
    population = population_of(CATALOGUE, 2, 1.0, seed=4)
    population = replace(population, covariance=population.covariance.scaled(variance))
    kind = rng.choice(2, 300_000, p=population.share)
    draws = population.reward[kind]
    if variance:
        draws = draws + population.covariance.draw(len(kind), rng)
    sizes = [[2, 0], [3, 2], [5, 0], [0, 4], [0, 0]]
    ratings = strict_ballots(draws[:5], CATALOGUE, sizes, rng)
    for rater in range(5):
        nats = np.zeros(len(draws))
        for b in np.flatnonzero(ratings.ballot_rater == rater):
            nats += plackett_luce(draws, ratings.item[slice(*ratings.offsets[b : b + 2])])
        weight = softmax(nats)
        first, second = np.array([0, 3, 5, 9]), np.array([1, 2, 8, 6])
        wanted = weight @ expit(draws[:, first] - draws[:, second])
        found = population.pair_probability(ratings, np.full(4, rater), first, second)
        np.testing.assert_allclose(found, wanted, atol=0.02)


@pytest.mark.parametrize(("wins", "losses"), [(1000, 0), (20, 0), (30, 10), (3, 1), (5, 5), (0, 8)])
def test_predictions_from_few_choices_are_bayes(wins, losses):
    """The posterior of one log-odds with a wide prior, by numerical integration."""

    def nats(x):
        return -wins * np.logaddexp(0, -x) - losses * np.logaddexp(0, x) - 0.5 * (x / 4) ** 2

    grid = np.linspace(-25, 25, 200_001)
    density = softmax(nats(grid))
    mode = grid[np.argmax(density)]
    variance = 1 / ((wins + losses) * expit(mode) * expit(-mode) + 1 / 16)
    found = estimated_win_probability(np.array([mode]), np.array([variance]))[0]
    allowed = 0.002 if wins + losses > 100 else 0.04
    assert found == pytest.approx(density @ expit(grid), abs=allowed)


# -- fits -----------------------------------------------------------------------------------------


def file_of(lines, weighted: bool = True) -> Ratings:
    """Ratings of one prompt from (weight, ranks by name); each weight 1 a rater if not weighted."""
    text = ["rater,prompt,completion,rank,weight"]
    number = 0
    for weight, ranks in lines:
        for _ in range(1 if weighted else weight):
            number += 1
            own = weight if weighted else 1
            text += [f"r{number},p,{name},{rank},{own}" for name, rank in ranks.items()]
    return parse_ratings("\n".join(text).encode(), "lines.csv")


def first_places(scores: np.ndarray) -> np.ndarray:
    """Plurality by item, tied first places split, as shares."""
    first = scores == scores.max(1, keepdims=True)
    return (first / first.sum(1, keepdims=True)).mean(0)


def borda(scores: np.ndarray) -> np.ndarray:
    """Mean number of completions below, ties half."""
    below = (scores[:, :, None] > scores[:, None, :]).sum(2)
    level = (scores[:, :, None] == scores[:, None, :]).sum(2) - 1
    return (below + 0.5 * level).mean(0)


def electorate(ratings: Ratings, seed: int = 0) -> np.ndarray:
    fitted = fit_population(ratings, seed=seed).population
    return fitted.electorate(40_000, np.random.default_rng(seed))


def strict(order: str) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(order)}


MANY = [
    (120, strict("abcd")), (90, strict("dcba")), (60, strict("bacd")), (30, strict("cd")),
    (40, {"a": 0, "b": 1, "c": 1, "d": 1}), (20, {"b": 0, "c": 0, "a": 2}),
]  # fmt: skip


def test_weights_equal_repetition():
    one, two = (electorate(file_of(MANY, weighted)) for weighted in (True, False))
    np.testing.assert_allclose(first_places(one), first_places(two), atol=0.01)
    np.testing.assert_allclose(borda(one) / 3, borda(two) / 3, atol=0.01)


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_indifferent_raters_make_an_indifferent_electorate(seed):
    scores = electorate(file_of([(30, dict.fromkeys("abc", 0))], weighted=False), seed)
    tied = (scores == scores[:, :1]).all(1)
    assert tied.mean() > 0.98
    np.testing.assert_allclose(first_places(scores), 1 / 3, atol=0.01)


@pytest.mark.parametrize("seed", range(lanes.deep(1, 3)))
def test_ties_keep_their_share(seed):
    lines = [(70, {"a": 0, "b": 0}), (20, strict("ab")), (10, strict("ba"))]
    scores = electorate(file_of(lines, weighted=False), seed)
    np.testing.assert_allclose(first_places(scores), [0.55, 0.45], atol=0.02)
    assert (scores[:, 0] == scores[:, 1]).mean() == pytest.approx(0.7, abs=0.03)


def test_leaving_out_completions_together_says_nothing_of_preferences():
    """Raters who rank only c and d prefer a or b as often as those who agree with them do."""
    lines = [(120, strict("abcd")), (90, strict("dcba")), (60, strict("bacd")), (30, strict("cd"))]
    scores = electorate(file_of(lines, weighted=False))
    np.testing.assert_allclose(first_places(scores), [0.7 * 2 / 3, 0.7 / 3, 0, 0.3], atol=0.01)


@pytest.mark.parametrize("seed", range(lanes.deep(1, 2)))
def test_truncated_ballots_keep_their_first_places_and_borda_scores(seed):
    """Raters err as much as the first three places say, whatever is tied below them."""
    rng = np.random.default_rng(seed)
    items, raters = 12, 300
    utility = -0.5 * np.arange(items) + rng.gumbel(size=(raters, items))
    rank = np.minimum(np.argsort(np.argsort(-utility)), 3)
    lines = [(1, {f"c{i:02d}": place for i, place in enumerate(ballot)}) for ballot in rank]
    scores = electorate(file_of(lines, weighted=False), seed)
    np.testing.assert_allclose(first_places(scores), first_places(-rank), atol=0.07)
    np.testing.assert_allclose(borda(scores) / 11, borda(-rank) / 11, atol=0.03)
