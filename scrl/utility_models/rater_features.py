"""Features of raters: how a rater's type and mean utilities depend on them.

A rater with standardised features x is of type k with a probability in proportion to
exp(a_k + x · b_k), and has mean utilities M_k + x W, where W is the same for all types. Unknown
features count as average ones. A rater of whom no feature is known is of the population.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import log_softmax

from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.covariance import Covariance
from scrl.utility_models.feature_basis import CONSTANT
from scrl.utility_models.prediction import draw_rows

#: Distinct raters at most whose features stand for the population's, and the seed of their sample.
MAX_SAMPLE, SAMPLE_SEED = 2000, 0
#: Largest standardised feature: those beyond count as this large.
LARGEST = 6.0
#: Times at most that values beyond the largest are made smaller while the scale is found.
MAX_CLIPS = 200
#: Iterations that fit the intercepts to given shares, and the change that ends them.
CALIBRATIONS, TOLERANCE = 100, 1e-10
#: Raters × items held in memory at once.
MAX_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class FeatureScale:
    """Standardisation of features: mean 0 and standard deviation 1 over raters.

    Attributes:
        mean: over the raters ``[features]``.
        inverse: one over the standard deviation, 0 for a constant feature ``[features]``.
    """

    mean: np.ndarray
    inverse: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, weight: np.ndarray) -> FeatureScale:
        """The scale of raters' features ``[raters, features]``, NaN where unknown.

        Values that count as smaller ones do so here too, or a single huge one would make the
        others equal.

        Args:
            weight: of the raters ``[raters]``.
        """
        values = np.nan_to_num(features.astype(float))
        weight = weight[:, None] * ~np.isnan(features)
        total = np.maximum(weight.sum(0), 1e-300)
        mean, sd = _moments(values, weight / total)
        centre, spread, inner = mean, sd, values
        for _ in range(MAX_CLIPS):
            inner = np.clip(inner, centre - LARGEST * spread, centre + LARGEST * spread)
            last = spread
            centre, spread = _moments(inner, weight / total)
            if (settled := spread >= (1 - CONSTANT) * last).all():
                break
        # Where all other values are equal, none is left to tell apart.
        mean, sd = np.where(settled, centre, mean), np.where(settled, spread, sd)
        values = np.where(settled, inner, values)
        constant = sd <= CONSTANT * np.abs(values).max(0, initial=0.0)
        return cls(mean, np.where(constant, 0.0, 1 / np.where(constant, 1.0, sd)))

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Features ``[raters, features]`` in standard deviations; 0 where unknown."""
        x = (features.astype(float) - self.mean) * self.inverse
        return np.clip(np.nan_to_num(x), -LARGEST, LARGEST)


@dataclass(frozen=True, eq=False)
class RaterEffects:
    """What raters' features say of their types and mean utilities.

    Attributes:
        scale: of the features.
        rows: standardised features of the population ``[rows, features]``; weight: of these,
            adding up to 1 ``[rows]``.
        log_odds: a ``[types]``; slope: b ``[features, types]``; shift: W ``[features, items]``.
    """

    scale: FeatureScale
    rows: np.ndarray
    weight: np.ndarray
    log_odds: np.ndarray
    slope: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, table: BallotTable, share: np.ndarray) -> RaterEffects | None:
        """No effects yet; None where no rater has a known feature that varies.

        Args:
            share: of the types ``[types]``.
        """
        if table.features is None:
            return None
        scale = FeatureScale.of(table.features, table.mass)
        known = np.flatnonzero(are_known(table.features))
        if not scale.inverse.any():
            return None
        rows, row = np.unique(
            scale.standardised(table.features[known]), axis=0, return_inverse=True
        )
        weight = np.bincount(row.ravel(), table.mass[known])
        if len(rows) > MAX_SAMPLE:
            drawn = draw_rows(weight, MAX_SAMPLE, np.random.default_rng(SAMPLE_SEED))
            weight = np.bincount(drawn, minlength=len(rows)).astype(float)
            rows, weight = rows[weight > 0], weight[weight > 0]
        size = rows.shape[1]
        return cls(
            scale, rows, weight / weight.sum(), np.log(share + 1e-300),
            np.zeros((size, len(share))), np.zeros((size, table.catalogue.items)),
        )  # fmt: skip

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Features of the file ``[raters, features]`` in standard deviations; 0 where unknown."""
        return self.scale.standardised(features)

    def log_shares(self, features: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Log-probability of the types of raters with these features ``[raters, types]``.

        Args:
            features: in the units of the file ``[raters, features]``.
            share: of the types in the population, for raters of whom no feature is known.
        """
        found = self._log_shares(self.standardised(features))
        found[~are_known(features)] = np.log(share + 1e-300)
        return found

    def _log_shares(self, x: np.ndarray) -> np.ndarray:
        return log_softmax(self.log_odds + x @ self.slope, axis=1)

    def shift_of(self, features: np.ndarray, item: np.ndarray) -> np.ndarray:
        """What features ``[raters, features]`` add to utilities of items ``[raters, items]``."""
        return at_items(self.standardised(features), self.shift, item)

    def pair_shift(
        self, features: np.ndarray, rater: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        """What features add to the gap of utilities of pairs ``[pairs]``.

        Args:
            features: ``[raters, features]``; rater, first, second: of each pair ``[pairs]``.
        """
        x, found = self.standardised(features), np.zeros(len(rater))
        for own, shift in zip(x.T, self.shift, strict=True):
            found += own[rater] * (shift[first] - shift[second])
        return found

    def draw(self, voters: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Types ``[voters]`` and standardised features ``[voters, features]`` of voters; each type
        has its share of them, but for rounding."""
        at = draw_rows(self.joint.T.ravel(), voters, rng)
        kind, row = np.divmod(at, len(self.rows))
        return kind, self.rows[row]

    @property
    def shifts(self) -> bool:
        """Whether mean utilities depend on features."""
        return bool(self.shift.any())

    def scaled(self, factor: float) -> RaterEffects:
        """The effects with all utilities times ``factor``."""
        return replace(self, shift=factor * self.shift)

    def take(self, types: np.ndarray) -> RaterEffects:
        """The effects of these types."""
        return replace(self, log_odds=self.log_odds[types], slope=self.slope[:, types])

    @property
    def average_share(self) -> np.ndarray:
        """Share of each type in the population ``[types]``."""
        return self.weight @ np.exp(self._log_shares(self.rows))

    def calibrated(self, share: np.ndarray) -> RaterEffects:
        """The effects with intercepts that give these shares of the population ``[types]``."""
        found = self
        for _ in range(CALIBRATIONS):
            step = np.log(share + 1e-300) - np.log(found.average_share + 1e-300)
            found = replace(found, log_odds=np.maximum(found.log_odds + step, -600.0))
            if np.abs(step[share > 1e-12]).max(initial=0.0) < TOLERANCE:
                break
        return found

    @cached_property
    def joint(self) -> np.ndarray:
        """Share of the population with each row of features and type ``[rows, types]``."""
        return self.weight[:, None] * np.exp(self._log_shares(self.rows))

    @cached_property
    def type_means(self) -> np.ndarray:
        """Mean standardised features of each type ``[types, features]``."""
        return (self.joint.T @ self.rows) / np.maximum(self.joint.sum(0), 1e-300)[:, None]

    @cached_property
    def loadings(self) -> np.ndarray:
        """L, with Lᵀ L the covariance that features give utilities within a type
        ``[features, items]``."""
        between = (self.joint.sum(0)[:, None] * self.type_means).T @ self.type_means
        within = (self.weight[:, None] * self.rows).T @ self.rows - between
        values, vectors = np.linalg.eigh(within)
        return np.sqrt(np.maximum(values, 0.0))[:, None] * (vectors.T @ self.shift)


@dataclass(frozen=True, eq=False)
class CovarianceWithFeatures(Covariance):
    """The covariance of items with what unknown features of raters add to it.

    Attributes:
        loadings: L, with Lᵀ L the covariance that is added ``[features, items]``.
    """

    loadings: np.ndarray

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        found = super().of(first, second)
        for loading in self.loadings:
            found = found + loading[first] * loading[second]
        return found

    def scaled(self, factor: float) -> CovarianceWithFeatures:
        return replace(
            self, between_completions=self.between_completions * factor,
            loadings=self.loadings * np.sqrt(factor),
        )  # fmt: skip

    @property
    def mean_variance(self) -> float:
        return super().mean_variance + float((self.loadings**2).sum(0).mean())

    def draw(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        drawn = rng.standard_normal((voters, len(self.loadings))) @ self.loadings
        return drawn + super().draw(voters, rng) if super().mean_variance > 0 else drawn


def _moments(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations ``[features]``; weights add up to 1 for each feature."""
    mean = (weight * values).sum(0)
    return mean, np.sqrt((weight * (values - mean) ** 2).sum(0))


def are_known(features: np.ndarray) -> np.ndarray:
    """Whether any feature of a rater is known, bool ``[raters]``."""
    return ~np.isnan(features).all(axis=1)


def at_items(x: np.ndarray, shift: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Entries of x W ``[raters, items]`` at each rater's items.

    Args:
        x: ``[raters, features]``; shift: W ``[features, items of the catalogue]``.
        item: ``[raters, items]``.
    """
    found = np.empty(item.shape)
    size = max(1, MAX_CELLS // shift.shape[1])
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        found[part] = np.take_along_axis(x[part] @ shift, item[part], axis=1)
    return found
