"""Worlds in which a text is a choice of one kind of clause for each of its segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.fine_grained.marked_texts import CATEGORIES, PUBLISHED_WEIGHTS

#: Kinds of clause, and how many of them can stand in a segment.
KINDS, OPTIONS = 48, 4
#: Share of kinds that have an error of each category.
ERROR_RATES = (0.3, 0.3, 0.3)


@dataclass(frozen=True, eq=False)
class SegmentWorld:
    """Kinds of clause with their errors, and the kinds that each segment offers.

    Attributes:
        errors: whether a kind has an error of a category ``[kinds, categories]``, 0 or 1.
        offered: the kinds that a segment can take ``[segments, options]``.
        weights: how much an error of each category costs ``[categories]``.
    """

    errors: np.ndarray
    offered: np.ndarray
    weights: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The true reward of each kind ``[kinds]``: what its errors cost, negated."""
        return -self.errors @ self.weights

    def gain(self, chosen: np.ndarray) -> float:
        """Additive quality of a text, 0 for the mean text and 1 for the best one.

        Args:
            chosen: the kind of each segment ``[segments]``.
        """
        value = self.values[self.offered]
        start, best = value.mean(1).sum(), value.max(1).sum()
        return float((self.values[chosen].sum() - start) / (best - start))

    def best_text(self, rewards: np.ndarray) -> np.ndarray:
        """The text of greatest total reward ``[segments]``, of which the first of equals.

        Args:
            rewards: a reward of each kind ``[kinds]``.
        """
        best = rewards[self.offered].argmax(1)
        return np.take_along_axis(self.offered, best[:, None], 1)[:, 0]

    def fragile_quality(self, texts: np.ndarray) -> np.ndarray:
        """Quality that one unverifiable clause makes 0 ``[texts]``.

        It is the share of relevant and complete clauses, times 1 where all claims hold and 0
        elsewhere.

        Args:
            texts: kinds ``[texts, segments]``.
        """
        irrelevant, unverifiable, incomplete = np.moveaxis(self.errors[texts], -1, 0)
        return (1 - (irrelevant + incomplete) / 2).mean(-1) * (1 - unverifiable).prod(-1)

    def best_fragile_quality(self) -> float:
        """The greatest ``fragile_quality`` of a text."""
        irrelevant, unverifiable, incomplete = np.moveaxis(self.errors[self.offered], -1, 0)
        worth = np.where(unverifiable > 0, -np.inf, 1 - (irrelevant + incomplete) / 2)
        return max(0.0, float(worth.max(1).mean()))


def draw_world(
    rng: np.random.Generator,
    segments: int,
    error_rates: tuple[float, ...] = ERROR_RATES,
    kinds: int = KINDS,
) -> SegmentWorld:
    """A world in which some text is better than another and each segment offers a true clause.

    Args:
        error_rates: the share of kinds with an error of each category.
    """
    while True:
        errors = (rng.random((kinds, len(CATEGORIES))) < error_rates).astype(float)
        offered = np.array([rng.choice(kinds, OPTIONS, replace=False) for _ in range(segments)])
        world = SegmentWorld(errors, offered, np.array(PUBLISHED_WEIGHTS))
        value, claims = world.values[offered], errors[offered, 1]
        if np.ptp(value, axis=1).max() > 0 and (claims.min(1) == 0).all():
            return world


def draw_texts(rng: np.random.Generator, world: SegmentWorld, count: int) -> np.ndarray:
    """Texts of the reference policy, which takes every option equally often.

    Returns:
        Kinds ``[count, segments]``.
    """
    segments, options = world.offered.shape
    return world.offered[np.arange(segments), rng.integers(options, size=(count, segments))]
