"""Populations whose rewards are linear in features, for the study of few pairs per rater."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import (
    PairDifferences,
    gaussian_weights,
    simplex_weights,
    win_probabilities,
)

#: How raters' weights on the true bases are drawn.
TASTES = ("spread", "mixed", "kinds", "opposite")
#: Shares of the kinds, and the pseudo-count of each basis where tastes are mixed.
KIND_SHARES, MIXED = (0.6, 0.3, 0.1), 0.5
#: Standard deviation of a gap of true rewards, in log-odds, and the mean weight of the first basis
#: where tastes are spread, in standard deviations of the weights.
GAP_SD, MEAN_WEIGHT = 2.0, 1.0


@dataclass(frozen=True, eq=False)
class TasteWorld:
    """Raters whose rewards are w · Θ x.

    Attributes:
        tastes: one of ``TASTES``.
        features: of the items ``[items, features]``.
        theta: the true bases ``[bases, features]``.
        weights: of the raters ``[raters, bases]``.
        comparisons: of all raters, answered by Bradley–Terry.
    """

    tastes: str
    features: np.ndarray
    theta: np.ndarray
    weights: np.ndarray
    comparisons: Comparisons

    def rewards(self, features: np.ndarray | None = None) -> np.ndarray:
        """True rewards ``[raters, items]``."""
        return self.weights @ self.theta @ (self.features if features is None else features).T

    def oracle_probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(first ≻ second) of someone who knows the bases and how weights are drawn.

        Modes of the true prior where weights are spread or mixed; exact for kinds and opposites.
        """
        seen, asked = (PairDifferences.of(c).by_basis(self.theta) for c in (context, queries))
        mask, bases = context.mask.astype(float), len(self.theta)
        if self.tastes == "spread":
            found = gaussian_weights(seen, mask, spread_mean(bases))
            return win_probabilities(asked, *found)
        if self.tastes == "mixed":
            return win_probabilities(asked, *simplex_weights(seen, mask, np.full(bases, MIXED)))
        points, share = vertices(self.tastes, bases)
        logit = -(np.logaddexp(0, -(seen @ points.T)) * mask[..., None]).sum(1) + np.log(share)
        weight = np.exp(logit - logit.max(1, keepdims=True))
        weight /= weight.sum(1, keepdims=True)
        return np.einsum("rpk,rk->rp", expit(asked @ points.T), weight)


def spread_mean(bases: int) -> np.ndarray:
    """Mean weights of spread tastes ``[bases]``."""
    mean = np.zeros(bases)
    mean[0] = MEAN_WEIGHT
    return mean


def vertices(tastes: str, bases: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights that occur ``[kinds, bases]`` and their shares: kinds, or opposites w and -w."""
    eye = np.eye(bases)
    if tastes == "opposite":
        return np.concatenate([eye, -eye]), np.full(2 * bases, 0.5 / bases)
    return eye, np.array(KIND_SHARES)


def draw_taste_world(
    tastes: str,
    seed: int,
    part: int,
    raters: int,
    pairs: int,
    bases: int,
    features: int,
    items: int,
) -> TasteWorld:
    """Draw items, bases, raters and their pairs.

    Features are standard normal. Bases are random directions, scaled so that gaps of true rewards
    have the standard deviation ``GAP_SD``. The two items of a pair are drawn uniformly.

    Args:
        tastes: one of ``TASTES``; kinds have three bases.
        seed: of the draws; those of other parts or numbers of features are independent.
            With other numbers of raters the items and bases are the same.
        part: number of the part of the study.
        raters, pairs, bases, features, items: sizes.
    """
    rng = host_rng(seed, HostStream.TASTE_WORLDS, part, features)
    x = rng.standard_normal((items, features))
    theta = rng.standard_normal((bases, features))
    if tastes == "spread":
        weights = spread_mean(bases) + rng.standard_normal((raters, bases))
    elif tastes == "mixed":
        weights = rng.dirichlet([MIXED] * bases, raters)
    else:
        points, share = vertices(tastes, bases)
        weights = points[rng.choice(len(share), raters, p=share)]
    true = weights @ theta @ x.T
    gap = np.sqrt(2 * true.var(1).mean())
    theta *= GAP_SD / gap
    true *= GAP_SD / gap
    first = rng.integers(items, size=(raters, pairs))
    second = (first + rng.integers(1, items, size=first.shape)) % items
    wins = rng.random(first.shape) < expit(_gaps(true, first, second))
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    # Items are stored in single precision, and so are the true rewards' features.
    comparisons = Comparisons(chosen, np.ones(first.shape, bool), x, np.array([0, items]))
    return TasteWorld(tastes, comparisons.features.astype(float), theta, weights, comparisons)


def _gaps(rewards: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.take_along_axis(rewards, first, 1) - np.take_along_axis(rewards, second, 1)


def random_queries(
    world: TasteWorld, raters: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[Comparisons, np.ndarray]:
    """Random pairs of items that raters may be asked about, and the true P(first ≻ second).

    Args:
        raters: indices ``[raters]``.
        count: pairs of each.

    Returns:
        The queries, and probabilities ``[raters, count]``.
    """
    items = len(world.features)
    first = rng.integers(items, size=(len(raters), count))
    second = (first + rng.integers(1, items, size=first.shape)) % items
    queries = Comparisons(
        np.stack([first, second], axis=-1), np.ones(first.shape, bool), world.comparisons.features,
        world.comparisons.offsets,
    )  # fmt: skip
    return queries, expit(_gaps(world.rewards()[raters], first, second))
