"""The predictive check: a right electorate passes, a wrong one fails, and few raters abstain."""

from __future__ import annotations

import numpy as np

from scrl.diagnostics import KindEvidence, check_electorate
from scrl.types import Ballots, Catalogue, Ratings

VOTERS = 4000


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
