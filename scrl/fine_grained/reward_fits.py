"""Rewards of kinds of clause learnt from feedback on parts or on whole texts, by bits of answers.

A bit is one yes-or-no answer. A marked text costs one bit for each segment and category. A
comparison of two texts costs one bit, and a score on a scale of eight levels three. Answers are
wrong with a stated chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from scrl.fine_grained.segment_worlds import SegmentWorld, draw_texts

#: Name of the feedback -> what it asks.
FEEDBACK = {
    "marks": "errors marked in each segment; the weights of the categories are given",
    "marks and comparisons": "nine tenths of the bits as marks, one tenth as comparisons that "
    "teach the weights",
    "comparisons": "which of two whole texts is better",
    "scores": "a score of one to eight for a whole text",
}
#: Levels of a score, and their bits.
LEVELS, LEVEL_BITS = 8, 3
#: Standard deviation of the prior of a kind's reward in comparisons, in units of their noise.
PRIOR_SD = 1.0
#: Share of the bits that teaches the weights in ``marks and comparisons``.
WEIGHT_SHARE = 0.1


class Quality(NamedTuple):
    """What makes a text good: ``additive``, or 0 where a claim does not hold (``fragile``)."""

    fragile: bool = False

    def of(self, world: SegmentWorld, texts: np.ndarray) -> np.ndarray:
        """The quality of texts ``[texts]``, given their kinds ``[texts, segments]``."""
        if self.fragile:
            return world.fragile_quality(texts)
        return world.values[texts].sum(-1)


def learn_rewards(
    rng: np.random.Generator,
    world: SegmentWorld,
    feedback: str,
    bits: int,
    *,
    wrong: float = 0.1,
    wrong_marks: float | None = None,
    fragile: bool = False,
) -> np.ndarray:
    """Rewards of kinds learnt from that many bits on texts of the reference policy.

    Args:
        feedback: one of ``FEEDBACK``.
        wrong: chance that an answer is wrong; a wrong score is any of the levels.
        wrong_marks: the same of marks, where it differs.
        fragile: whether readers judge whole texts by ``fragile_quality``.

    Returns:
        ``[kinds]``.
    """
    quality = Quality(fragile)
    wrong_marks = wrong if wrong_marks is None else wrong_marks
    if feedback == "marks":
        return -_error_chances(rng, world, bits, wrong_marks) @ world.weights
    if feedback == "comparisons":
        rows, won = _comparisons(rng, world, bits, wrong, quality)
        return fit_linear_rewards(rows, won, PRIOR_SD)
    if feedback == "scores":
        return _scored(rng, world, bits // LEVEL_BITS, wrong, quality)
    spared = round(WEIGHT_SHARE * bits)
    chances = _error_chances(rng, world, bits - spared, wrong_marks)
    rows, won = _comparisons(rng, world, spared, wrong, quality)
    return chances @ fit_linear_rewards(rows @ chances, won, PRIOR_SD)


def _error_chances(
    rng: np.random.Generator, world: SegmentWorld, bits: int, wrong: float
) -> np.ndarray:
    """Chance that a kind has an error ``[kinds, categories]``, from marks.

    The mean of a Beta posterior whose prior has the weight of two marks and the mean of all.
    """
    kinds, categories = world.errors.shape
    texts = draw_texts(rng, world, max(1, bits // (categories * len(world.offered)))).ravel()
    truth = world.errors[texts] > 0
    marked = truth ^ (rng.random(truth.shape) < wrong)
    heard = np.bincount(texts, minlength=kinds)[:, None]
    yes = np.stack([np.bincount(texts, column, kinds) for column in marked.T], axis=1)
    return (yes + 2 * marked.mean(0)) / (heard + 2)


def _counts(texts: np.ndarray, kinds: int) -> np.ndarray:
    """How often each kind stands in a text ``[texts, kinds]``."""
    rows = np.arange(len(texts))[:, None]
    flat = np.bincount((rows * kinds + texts).ravel(), minlength=len(texts) * kinds)
    return flat.reshape(len(texts), kinds).astype(float)


def _comparisons(
    rng: np.random.Generator, world: SegmentWorld, pairs: int, wrong: float, quality: Quality
) -> tuple[np.ndarray, np.ndarray]:
    """Differences of counts ``[pairs, kinds]`` and whether the first text won ``[pairs]``."""
    kinds = len(world.errors)
    first, second = (draw_texts(rng, world, pairs) for _ in range(2))
    gap = np.round(quality.of(world, first) - quality.of(world, second), 9)
    won = np.where(gap == 0, rng.random(pairs) < 0.5, gap > 0) ^ (rng.random(pairs) < wrong)
    return _counts(first, kinds) - _counts(second, kinds), won


def fit_linear_rewards(
    rows: np.ndarray, won: np.ndarray, prior_sd: float, centre: np.ndarray | None = None
) -> np.ndarray:
    """The mode of a Bradley–Terry model with linear rewards ``[features]``, by Newton's method.

    Args:
        rows: features of the first text less those of the second ``[pairs, features]``.
        won: whether the first was preferred ``[pairs]``.
        prior_sd: of each weight around ``centre``, which is 0 by default.
    """
    centre = np.zeros(rows.shape[1]) if centre is None else centre
    reward, precision = centre.copy(), np.eye(rows.shape[1]) / prior_sd**2
    for _ in range(30):
        chance = expit(rows @ reward)
        gradient = rows.T @ (won - chance) - precision @ (reward - centre)
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + precision
        step = np.linalg.solve(curvature, gradient)
        reward = reward + step
        if np.abs(step).max() < 1e-6:
            break
    return reward


def _scored(
    rng: np.random.Generator, world: SegmentWorld, count: int, wrong: float, quality: Quality
) -> np.ndarray:
    """Ridge regression of scores on counts of kinds; levels are equally frequent at the start."""
    texts = draw_texts(rng, world, max(count, 2))
    worth = quality.of(world, texts)
    edges = np.quantile(worth, np.arange(1, LEVELS) / LEVELS)
    level = np.searchsorted(edges, worth, side="right")
    level = np.where(rng.random(len(worth)) < wrong, rng.integers(LEVELS, size=len(worth)), level)
    rows = _counts(texts, len(world.errors))
    rows, level = rows - rows.mean(0), level - level.mean()
    return np.linalg.solve(rows.T @ rows + 2 * np.eye(rows.shape[1]), rows.T @ level)
