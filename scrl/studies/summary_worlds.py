"""Populations with tastes for named attributes, for the study of summaries in words.

A rater likes, ignores or dislikes each attribute of an answer: its taste is 1, 0 or -1. A reward is
the sum of taste times strength times attribute. All tastes can be enumerated, so the posterior of a
rater's taste given pairs is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from scipy.special import expit, logsumexp

from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import PairDifferences

#: What the sentences name. A further attribute has no name.
NAMES = ("jokes", "lists", "details", "technical terms", "examples", "compliments")
#: Bounds of an attribute's strength, in log-odds by standard deviation of the attribute.
STRENGTHS = (0.7, 1.3)
#: Concentration of the shares of raters who like, ignore and dislike an attribute.
SHARES = 3.0
#: Items of a world.
ITEMS = 60
#: A pair of items is disputed if each order is preferred by at least this share of the raters.
DISPUTED = 0.25
#: Raters whose posterior is computed at once.
ROWS = 250


@dataclass(frozen=True, eq=False)
class SummaryWorld:
    """Raters with tastes for attributes.

    Attributes:
        features: attributes of the items ``[items, attributes]``.
        strength: of each attribute ``[attributes]``.
        shares: of raters who dislike, ignore and like each attribute ``[attributes, 3]``.
        tastes: -1, 0 or 1 ``[raters, attributes]``.
        comparisons: of all raters, answered by Bradley–Terry.
    """

    features: np.ndarray
    strength: np.ndarray
    shares: np.ndarray
    tastes: np.ndarray
    comparisons: Comparisons

    @cached_property
    def _all_tastes(self) -> tuple[np.ndarray, np.ndarray]:
        """All tastes ``[tastes, attributes]`` and their log prior ``[tastes]``."""
        points = np.array(list(product((-1, 0, 1), repeat=len(self.strength))), float)
        row = np.arange(len(self.strength))
        return points, np.log(self.shares[row, points.astype(int) + 1]).sum(1)

    def weights(self) -> np.ndarray:
        """True weights on attributes ``[raters, attributes]``."""
        return self.tastes * self.strength

    def oracle_probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(first ≻ second), exact, for somebody who knows the strengths and the shares."""
        points, prior = self._all_tastes
        seen, asked = (PairDifferences.of(c) for c in (context, queries))
        weights = (points * self.strength).T
        found = np.empty(asked.mask.shape)
        for start in range(0, len(found), ROWS):
            rows = slice(start, start + ROWS)
            logs = np.logaddexp(0, -(seen.x[rows] @ weights)) * seen.mask[rows][..., None]
            logit = prior - logs.sum(1)
            belief = np.exp(logit - logsumexp(logit, axis=1, keepdims=True))
            chance = expit(asked.x[rows] @ weights)
            found[rows] = (chance @ belief[..., None])[..., 0]
        return found

    def select(self, raters: np.ndarray) -> Comparisons:
        """The comparisons of these raters."""
        return self.comparisons.select_raters(raters)


def draw_summary_world(
    seed: int, raters: int, pairs: int, unnamed: float = 0.0, part: int = 0
) -> SummaryWorld:
    """Draw shares, strengths, items, raters and their pairs.

    Args:
        seed: of the draws.
        raters, pairs: sizes.
        unnamed: strength of a last attribute that has no name, which half of the raters like and
            half dislike; 0 for none. The other draws do not depend on it.
        part: number of an independent stream.
    """
    rng = host_rng(seed, HostStream.SUMMARY_WORLDS, part)
    named = len(NAMES)
    shares = rng.dirichlet([SHARES] * 3, named)
    strength = rng.uniform(*STRENGTHS, named)
    x = rng.standard_normal((ITEMS, named + 1))
    drawn = rng.random((raters, named + 1, 1))
    tastes = (drawn[:, :named] > shares.cumsum(1)[None, :, :2]).sum(-1) - 1
    first = rng.integers(ITEMS, size=(raters, pairs))
    second = (first + rng.integers(1, ITEMS, size=first.shape)) % ITEMS
    noise = rng.random(first.shape)
    if unnamed:
        strength = np.append(strength, unnamed)
        shares = np.concatenate([shares, [[0.5, 0.0, 0.5]]]).clip(1e-12)
        tastes = np.concatenate([tastes, np.where(drawn[:, named] < 0.5, -1, 1)], axis=1)
    x = x[:, : len(strength)].astype(np.float32)
    reward = (tastes * strength) @ x.T.astype(float)
    wins = noise < expit(_gaps(reward, first, second))
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    comparisons = Comparisons(chosen, np.ones(first.shape, bool), x, np.array([0, ITEMS]))
    return SummaryWorld(x.astype(float), strength, shares, tastes, comparisons)


def _gaps(rewards: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.take_along_axis(rewards, first, 1) - np.take_along_axis(rewards, second, 1)


def disputed_queries(
    world: SummaryWorld, raters: np.ndarray, count: int, seed: int
) -> tuple[Comparisons, np.ndarray]:
    """Random disputed pairs of items for each rater, and the true P(first ≻ second).

    Args:
        world: the population.
        raters: indices ``[raters]``.
        count: pairs of each.
        seed: of the draws.

    Returns:
        The queries, and probabilities ``[raters, count]``.
    """
    rng = host_rng(seed, HostStream.SUMMARY_WORLDS, 99)
    rewards = world.weights() @ world.features.T
    a, b = np.triu_indices(ITEMS, 1)
    gap = rewards[:, a] - rewards[:, b]
    first, second = ((gap * sign > 0).mean(0) for sign in (1, -1))
    kept = np.flatnonzero(np.minimum(first, second) >= DISPUTED)
    drawn = kept[rng.integers(len(kept), size=(len(raters), count))]
    pairs = np.stack([a[drawn], b[drawn]], axis=-1)
    queries = Comparisons(
        pairs, np.ones(drawn.shape, bool), world.comparisons.features, world.comparisons.offsets
    )
    truth = expit(_gaps(rewards[raters], a[drawn], b[drawn]))
    return queries, truth
