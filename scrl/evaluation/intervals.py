"""95 % intervals: over seeds by Student's t, over raters by the bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

#: Resamples of the bootstrap.
RESAMPLES = 2000
#: Resamples × raters that are drawn at once.
MAX_CELLS = 10_000_000


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def student_interval(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Mean over seeds (the first axis) and its 95 % interval, Student's ``[3, ...]``."""
    each = np.asarray(values, float)
    mean, half = each.mean(axis=0), 0.0 * each[0]
    if len(each) > 1:
        error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
        half = stdtrit(len(each) - 1, 0.975) * error
    return np.stack([mean, mean - half, mean + half])


class RaterBootstrap:
    """Bootstrap over raters: a rater's pairs stay together.

    Every call uses the same resamples, so that differences on the same pairs are paired.

    Args:
        rater: of each pair ``[pairs]``.
        rng: consumed.
        weight: of each pair ``[pairs]``; 1 by default.
    """

    def __init__(
        self, rater: np.ndarray, rng: np.random.Generator, weight: np.ndarray | None = None
    ) -> None:
        _, self.row = np.unique(rater, return_inverse=True)
        self.weight = np.ones(len(rater)) if weight is None else weight
        self.totals = TotalsBootstrap(np.bincount(self.row, self.weight), rng)

    def __call__(self, values: np.ndarray) -> Interval:
        """The weighted mean of ``values [pairs]`` and its interval."""
        weighted = values * self.weight
        by_rater = np.bincount(self.row, weights=weighted)
        return self.totals.interval(by_rater, weighted.mean() / self.weight.mean())


class TotalsBootstrap:
    """Bootstrap over raters from the totals of each, in memory that does not follow the pairs.

    Args:
        pairs: total weight of each rater's pairs ``[raters]``.
        rng: consumed.
    """

    def __init__(self, pairs: np.ndarray, rng: np.random.Generator) -> None:
        self.pairs, n = pairs, len(pairs)
        chances = np.full(n, 1 / n)
        self.blocks = []
        rows = max(1, MAX_CELLS // n)
        for start in range(0, RESAMPLES, rows):
            # Drawn in blocks, resamples are the same as drawn at once.
            drawn = rng.multinomial(n, chances, size=min(rows, RESAMPLES - start))
            self.blocks.append(drawn.astype(np.min_scalar_type(int(drawn.max()))))
        self.resampled = self._resampled(pairs)

    def interval(self, values: np.ndarray, mean: float | None = None) -> Interval:
        """The mean and its interval.

        Args:
            values: each rater's total of what is averaged over pairs ``[raters]``.
            mean: of all pairs, if it is known.
        """
        means = self._resampled(values) / self.resampled
        low, high = np.quantile(means, [0.025, 0.975])
        mean = values.sum() / self.pairs.sum() if mean is None else mean
        return Interval(*(round(float(x), 6) for x in (mean, low, high)))

    def _resampled(self, values: np.ndarray) -> np.ndarray:
        """Totals ``[resamples]`` of values ``[raters]``."""
        return np.concatenate([block.astype(float) @ values for block in self.blocks])
