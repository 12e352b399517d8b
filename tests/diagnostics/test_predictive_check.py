"""The predictive check: a right electorate passes, a wrong one fails, and few raters abstain."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scrl.diagnostics import KindEvidence, check_electorate
from scrl.types import Ballots, Catalogue, Ratings
from tests import lanes

VOTERS = 4000
#: Populations of each case, with a right electorate and with a wrong one.
RIGHT, WRONG = lanes.deep(10, 50), lanes.deep(5, 10)


class Population:
    """Types of raters with Gumbel noise, who answer and include by type."""

    def __init__(self, seed, types=3, sizes=(5,), raters=400, noise=1.0, silence="none"):
        self.rng = rng = np.random.default_rng(seed)
        self.sizes, self.raters, self.noise = np.array(sizes), raters, noise
        self.items = int(self.sizes.sum())
        self.share = rng.dirichlet(np.full(types, 3.0))
        self.utility = rng.normal(0, 2, (types, self.items))
        self.answers, self.includes = np.ones((types, len(sizes))), np.ones((types, self.items))
        if silence == "random":
            self.includes[:] = 0.6
        if silence == "type":
            self.includes = rng.choice([0.1, 0.5, 0.9, 1.0], self.includes.shape)
            self.answers = rng.choice([0.2, 1.0], self.answers.shape)
            # Everybody ranks two completions: of a rater without ballots nobody knows.
            self.answers[:, 0] = self.includes[:, :2] = 1.0
        self.offsets = np.concatenate([[0], np.cumsum(self.sizes)])
        self.type = rng.choice(types, raters, p=self.share)

    def utilities(self, kinds, noise=None):
        """Of voters of these kinds ``[voters, items]``."""
        noise = self.noise if noise is None else noise
        return self.utility[kinds] + noise * self.rng.gumbel(size=(len(kinds), self.items))

    def ratings(self, weight=None, ties=None):
        rng, utility = self.rng, self.utilities(self.type)
        ballots = []
        for rater, kind in enumerate(self.type):
            for prompt in np.flatnonzero(rng.random(len(self.sizes)) < self.answers[kind]):
                items = np.arange(*self.offsets[prompt : prompt + 2])
                items = items[rng.random(len(items)) < self.includes[kind, items]]
                if len(items) > 1:
                    level = -utility[rater, items]
                    if ties is not None and rng.random() < ties:
                        level = np.zeros(len(items))
                    rank = np.unique(level, return_inverse=True)[1]
                    ballots.append((rater, prompt, items, rank))
        raters, prompts, items, ranks = zip(*ballots, strict=True)
        names = [f"c{i}" for i in range(self.items)]
        catalogue = Catalogue(
            tuple(f"p{i}" for i in range(len(self.sizes))), names, np.arange(self.items),
            self.offsets,
        )  # fmt: skip
        weights = np.ones(len(ballots)) if weight is None else weight[self.type[list(raters)]]
        return Ratings(
            catalogue, tuple(map(str, range(self.raters))), raters, prompts, weights,
            np.concatenate([[0], np.cumsum([len(i) for i in items])]),
            np.concatenate(items), np.concatenate(ranks),
        )  # fmt: skip

    def evidence(self, ratings):
        """The exact likelihood of the raters' ballots by true type."""
        raters = np.unique(ratings.ballot_rater)
        nats = np.zeros((len(ratings.raters), len(self.share)))
        for b in range(ratings.ballots):
            entries = slice(*ratings.offsets[b : b + 2])
            order = ratings.item[entries][np.argsort(ratings.rank[entries], kind="stable")]
            level = self.utility[:, order] / max(self.noise, 0.05)
            remaining = np.logaddexp.accumulate(level[:, ::-1], axis=1)[:, ::-1]
            nats[ratings.ballot_rater[b]] += (level - remaining).sum(axis=1)
        return lambda: KindEvidence(raters, np.ones(len(raters)), nats[raters])


def ballots_of(utility):
    def ballots(contests):
        return Ballots(np.moveaxis(utility[:, contests.item], 0, 1), candidates=contests[2])

    return ballots


def checked(population, ratings, utility=None, kind=None, seed=0):
    """The check of an electorate, by default the true one."""
    if kind is None:
        kind = population.rng.choice(len(population.share), VOTERS, p=population.share)
    if utility is None:
        utility = population.utilities(kind)
    rng = np.random.default_rng(seed)
    return check_electorate(ratings, ballots_of(utility), kind, population.evidence(ratings), rng)


CASES = [
    {},
    {"noise": 0.0, "silence": "type"},
    {"silence": "random", "raters": 150},
    {"silence": "type"},
    {"silence": "type", "sizes": (5, 4, 6), "types": 4},
    {"silence": "type", "sizes": (9,), "raters": 1000},
    {"silence": "type", "sizes": (3,) * 12, "raters": 120},
]


@cache
def verdicts(case):
    """Of right electorates of as many populations."""
    populations = (Population(seed, **CASES[case]) for seed in range(RIGHT))
    return [checked(p, p.ratings()).reproduces for p in populations]


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: str(CASES[case]))
def test_a_right_electorate_passes(case):
    """In each case in 90 % or more; all cases together in 95 % (the next test)."""
    assert verdicts(case).count(False) <= 0.1 * RIGHT
    assert verdicts(case).count(True) >= 0.9 * RIGHT


def test_a_right_electorate_fails_in_less_than_5_percent_of_runs():
    failed = sum(verdicts(case).count(False) for case in range(len(CASES)))
    assert failed <= 0.05 * RIGHT * len(CASES)


def failures(make):
    """The share of populations whose electorate fails."""
    return np.mean([make(seed).reproduces is False for seed in range(WRONG)])


@pytest.mark.parametrize("silence", ["none", "type"])
def test_voters_who_do_not_err_fail_where_raters_do(silence):
    def make(seed):
        population = Population(seed, noise=2.0, silence=silence, raters=1500)
        kind = population.rng.choice(3, VOTERS, p=population.share)
        return checked(population, population.ratings(), population.utilities(kind, 0.0), kind)

    assert failures(make) >= 0.9


@pytest.mark.parametrize("silence", ["none", "random", "type"])
def test_wrong_shares_fail(silence):
    def make(seed):
        population = Population(seed, noise=0.5, silence=silence, raters=1500)
        share = population.share * np.where(population.share == population.share.max(), 0.4, 1)
        kind = population.rng.choice(3, VOTERS, p=share / share.sum())
        return checked(population, population.ratings(), kind=kind)

    assert failures(make) >= 0.9


def test_a_missing_kind_fails():
    def make(seed):
        population = Population(seed, raters=1500)
        share = np.where(population.share == population.share.min(), 0, population.share)
        kind = population.rng.choice(3, VOTERS, p=share / share.sum())
        return checked(population, population.ratings(), kind=kind)

    assert failures(make) >= 0.8


def test_ties_broken_one_way_fail_and_ties_broken_at_random_pass():
    def make(seed, bias):
        population = Population(seed, types=1)
        ratings = population.ratings(ties=1.0)
        utility = population.rng.random((VOTERS, population.items)) + bias * np.arange(5)
        return checked(population, ratings, utility, np.zeros(VOTERS, int))

    assert failures(lambda seed: make(seed, 1.0)) == 1
    assert failures(lambda seed: make(seed, 0.0)) == 0


def test_indifferent_voters_reproduce_tied_ballots():
    population = Population(0, types=1)
    utility = np.zeros((VOTERS, population.items))
    found = checked(population, population.ratings(ties=1.0), utility, np.zeros(VOTERS, int))
    assert found.reproduces
    np.testing.assert_allclose(found.observed, found.simulated)


@pytest.mark.parametrize("silence", ["none", "type"])
def test_weights_count(silence):
    """The shares of an electorate are those of the weights, not of the raters."""
    weight = np.array([1.0, 8.0, 2.0])

    def make(seed, weighted):
        population = Population(seed, raters=1500, silence=silence)
        ratings = population.ratings(weight=weight)
        share = population.share * (weight if weighted else 1)
        kind = population.rng.choice(3, VOTERS, p=share / share.sum())
        return checked(population, ratings, kind=kind)

    assert failures(lambda seed: make(seed, True)) <= 0.1
    assert failures(lambda seed: make(seed, False)) >= 0.8


def test_repeated_ballots_are_one_observation():
    """A rater who says the same forty times is no evidence of forty raters."""
    population = Population(0, raters=12)
    ratings = population.ratings()
    many = ratings.select(np.repeat(np.arange(ratings.ballots), 40))
    assert checked(population, many).raters == pytest.approx(12.0)


@pytest.mark.parametrize("raters", [2, 11])
def test_few_raters_abstain(raters):
    population = Population(3, raters=raters, noise=2.0)
    utility = np.tile(np.arange(5.0), (VOTERS, 1))
    found = checked(population, population.ratings(), utility, np.zeros(VOTERS, int))
    assert found.reproduces is None
    assert not found.failed.any()
    assert found.worst is None


def test_shares_are_those_counted_by_hand():
    population = Population(5, silence="random", raters=60)
    ratings = population.ratings()
    found = checked(population, ratings)
    for i in range(len(found.first)):
        first, second = found.first[i], found.second[i]
        results = []
        for b in range(ratings.ballots):
            entries = slice(*ratings.offsets[b : b + 2])
            rank = dict(zip(ratings.item[entries], ratings.rank[entries], strict=True))
            if first not in rank or (second >= 0 and second not in rank):
                continue
            rivals = rank.values() if second < 0 else [rank[second]]
            results.append(rank[first] <= min(rivals))
        assert found.observed[i] == pytest.approx(np.mean(results))
        assert found.raters[i] == pytest.approx(len(results))


def test_nothing_to_compare_abstains():
    population = Population(0, raters=30)
    ratings = population.ratings()
    found = checked(population, ratings.keep(ratings.rank == 0))
    assert found.reproduces is None
    assert len(found.first) == 0


def test_large_data_are_sampled(monkeypatch):
    from scrl.diagnostics import predictive_check

    population = Population(0, sizes=(40,), raters=300, silence="random")
    monkeypatch.setattr(predictive_check, "MAX_RECORDS", 20_000)
    found = checked(population, population.ratings())
    assert len(np.unique(found.first)) == predictive_check.MAX_COMPLETIONS
    assert 20 < found.raters.max() < 300
    assert found.reproduces


def test_of_many_prompts_those_with_most_ballots_are_compared(monkeypatch):
    from scrl.diagnostics import predictive_check
    from scrl.voting import elections

    population = Population(0, sizes=(4,) * 6, raters=300)
    population.answers[:, [0, 2]] = 0.3
    ratings = population.ratings()
    monkeypatch.setattr(elections, "CELLS", VOTERS * 4)  # one prompt a group
    monkeypatch.setattr(predictive_check, "MAX_UTILITIES", 4 * VOTERS * 4)
    found = checked(population, ratings)
    prompts = np.unique(ratings.catalogue.item_prompt[found.first])
    assert prompts.tolist() == [1, 3, 4, 5]
    assert found.reproduces


def test_kinds_of_voters_are_clusters_of_their_rewards(experiment):
    from scrl.diagnostics.voter_kinds import MAX_KINDS, atom_kinds, kind_evidence

    density, individual = experiment.density, experiment.individual
    kind = atom_kinds(individual, density, np.random.default_rng(0))
    atoms = density.voter_atoms(len(experiment.latents))
    assert (atoms // density.atoms.shape[1] == density.voter_components(len(atoms))).all()
    assert 4 <= len(np.unique(kind)) <= MAX_KINDS
    orders = np.argsort(-individual.rewards(experiment.latents), axis=1)
    for k in np.unique(kind[atoms]):
        _, count = np.unique(orders[kind[atoms] == k], axis=0, return_counts=True)
        assert count.max() > 0.95 * count.sum()
    ratings = experiment.ratings.with_absent_resolved()
    evidence = kind_evidence(individual, density, ratings, kind)
    assert evidence.nats.shape == (8, kind.max() + 1)
    assert evidence.multiplicity.sum() == len(experiment.embedded_raters)
    assert np.isfinite(evidence.nats).all()
