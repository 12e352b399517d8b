"""What completions' features add to the mean rewards of types: r = m + Φ γ + δ for each type.

Φ are functions of features (``feature_basis``). A type's weights γ are drawn around weights common
to all types, and these around 0; δ is an item's own part. The standard deviations of all of them
are learnt for each group of functions, so that features that tell nothing count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scrl.types import Catalogue
from scrl.utility_models.ballot_table import BallotSlots
from scrl.utility_models.curvature import Curvature, positive_inverse
from scrl.utility_models.feature_basis import FeatureBasis, feature_basis
from scrl.utility_models.likelihood import Choices
from scrl.utility_models.tied_choices import TiedChoices

#: Standard deviation of a group's contribution at first, at least and at most, in log-odds.
FIRST_SD, MIN_SD, MAX_SD = 1.0, 1e-3, 30.0
#: Ballot slots × functions held in memory at once.
MAX_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class CompletionEffects:
    """Weights of functions of features, for each type.

    Attributes:
        basis: the functions; value: of the items ``[items, functions]``.
        weight: γ ``[types, functions]``; covariance: of their posteriors ``[types, functions,
            functions]``.
        common: mean of the types' weights ``[functions]``.
        spread: prior standard deviation of types' weights around ``common``, by group ``[groups]``;
            sd: of ``common`` around 0.
    """

    basis: FeatureBasis
    value: np.ndarray
    weight: np.ndarray
    covariance: np.ndarray
    common: np.ndarray
    spread: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue) -> CompletionEffects | None:
        """Effects of 0 for one type; None where there are no features."""
        basis = feature_basis(catalogue)
        if basis is None:
            return None
        value = basis.of_items(catalogue)
        zero, groups = np.zeros(value.shape[1]), int(basis.group[-1]) + 1
        sd = np.full(groups, FIRST_SD)
        none = np.zeros((1, len(zero), len(zero)))
        return cls(basis, value, zero[None], none, zero, sd, sd)

    @property
    def variance(self) -> np.ndarray:
        """Posterior variances of the weights ``[types, functions]``."""
        return np.einsum("kff->kf", self.covariance)

    def reward_variance(self, value: np.ndarray) -> np.ndarray:
        """Variance of what features say of items ``[types, items]``.

        Args:
            value: Φ of the items ``[items, functions]``.
        """
        return np.stack([((value @ own) * value).sum(axis=1) for own in self.covariance])

    @property
    def reward(self) -> np.ndarray:
        """Φ γ ``[types, items]``."""
        return self.weight @ self.value.T

    @property
    def _prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of a type's weights ``[functions]``."""
        spread = self.sd if len(self.weight) == 1 else self.spread
        centre = np.zeros_like(self.common) if len(self.weight) == 1 else self.common
        return centre, spread[self.basis.group]

    @property
    def log_prior(self) -> float:
        """Log density of the types' weights around their prior mean."""
        centre, sd = self._prior
        away = (self.weight - centre) / sd
        return float(-0.5 * (away**2).sum() - len(self.weight) * np.log(sd).sum())

    @property
    def parameters(self) -> float:
        """How many parameters the weights amount to."""
        return float((1 - self.variance / self._prior[1] ** 2).sum())

    def with_weights(self, weight: np.ndarray) -> CompletionEffects:
        """The effects with other weights ``[types, functions]``, as to start from."""
        types, functions = weight.shape
        none = np.zeros((types, functions, functions))
        return replace(self, weight=weight, covariance=none)

    def take(self, types: np.ndarray) -> CompletionEffects:
        """The effects of these types, some of which may be repeated."""
        common = self.weight[0] if len(self.weight) == 1 else self.common
        weight, covariance = self.weight[types], self.covariance[types]
        return replace(self, weight=weight, covariance=covariance, common=common)

    def scaled(self, factor: float) -> CompletionEffects:
        """The effects times ``factor``."""
        return replace(
            self, weight=factor * self.weight, covariance=factor**2 * self.covariance,
            common=factor * self.common, spread=factor * self.spread, sd=factor * self.sd,
        )  # fmt: skip

    def smoothed(self, position: np.ndarray, ranked: np.ndarray) -> np.ndarray:
        """Weights ``[functions]`` by ridge regression of the positions of ranked items.

        Args:
            position: ``[items]``; ranked: bool, same shape.
        """
        value = FIRST_SD * self.value[ranked]
        kernel = value @ value.T + np.eye(len(value))
        return FIRST_SD * value.T @ np.linalg.solve(kernel, position[ranked])

    def step(
        self, type: int, own: np.ndarray, precision: float, curvature: Curvature, limit: float
    ) -> WeightStep:
        """One Newton step of a type's weights, jointly with its items' own parts.

        With Q the inverse curvature of the own parts given γ, and P their prior precision, the
        curvature of γ is Λ + Φ' (P − P Q P) Φ, and its slope P Φ' δ − Λ (γ − γ̄), where δ are the
        own parts after the step in which γ is held.

        Args:
            type: the type; own: δ ``[items]``; precision: P; curvature: Q.
            limit: largest change of a reward.
        """
        centre, sd = self._prior
        prior = sd**-2
        curve = curvature.of_weights(self.value, precision)
        matrix = 0.5 * (curve.matrix + curve.matrix.T)
        inverse = positive_inverse(matrix + np.diag(prior))
        slope = precision * (own @ self.value) - prior * (self.weight[type] - centre)
        change = inverse @ slope
        explained = self.value @ change
        damping = min(1.0, limit / max(float(np.abs(explained).max(initial=0)), 1e-12))
        moved = precision * curvature.solve(damping * explained[:, None])[:, 0]
        return WeightStep(
            self.weight[type] + damping * change, inverse, moved, self.value,
            lambda: precision * curvature.solve(self.value), curve.gram,
        )  # fmt: skip

    def direct_step(
        self, type: int, slope: np.ndarray, hessian: np.ndarray, limit: float
    ) -> WeightStep:
        """One Newton step of a type's weights, where items have no parts of their own.

        Args:
            type: the type; slope: of the log-likelihood in rewards ``[items]``.
            hessian: its negative Hessian in the weights ``[functions, functions]``.
            limit: largest change of a reward.
        """
        centre, sd = self._prior
        inverse = positive_inverse(hessian + np.diag(sd**-2))
        change = inverse @ (slope @ self.value - (self.weight[type] - centre) / sd**2)
        moved = self.value @ change
        damping = min(1.0, limit / max(float(np.abs(moved).max(initial=0)), 1e-12))
        weight = self.weight[type] + damping * change
        return WeightStep(weight, inverse, damping * moved, self.value)

    def updated(self, steps: Sequence[WeightStep]) -> CompletionEffects:
        """The effects after a step of each type, and the standard deviations that fit them
        (empirical Bayes)."""
        weight = np.stack([step.weight for step in steps])
        types, group = len(weight), self.basis.group
        size = np.bincount(group)

        def sd_of(squares: np.ndarray) -> np.ndarray:
            return np.clip(np.sqrt(np.bincount(group, squares) / size), MIN_SD, MAX_SD)

        covariance = np.stack([step.covariance for step in steps])
        found = replace(self, weight=weight, covariance=covariance)
        variance = found.variance
        if types == 1:
            return replace(found, sd=sd_of(weight[0] ** 2 + variance[0]))
        ratio = (self.spread / self.sd)[group] ** 2
        common = weight.sum(axis=0) / (types + ratio)
        unknown = 1 / (1 / self.sd[group] ** 2 + types / self.spread[group] ** 2)
        return replace(
            found,
            common=common,
            sd=sd_of(common**2 + unknown),
            spread=sd_of(((weight - common) ** 2 + variance + unknown).mean(axis=0)),
        )


@dataclass(frozen=True, eq=False)
class WeightStep:
    """A Newton step of a type's weights.

    Attributes:
        weight: the new weights ``[functions]``; covariance: of their posterior.
        change: of the rewards ``[items]``; value: Φ.
        find_moved: returns how rewards move with the weights, their own parts following ``[items,
            functions]``; that is Φ where None.
        find_gram: see ``WeightCurvature.gram``; 0 where None.
    """

    weight: np.ndarray
    covariance: np.ndarray
    change: np.ndarray
    value: np.ndarray
    find_moved: Callable[[], np.ndarray] | None = None
    find_gram: Callable[[], np.ndarray] | None = None

    @cached_property
    def _moved(self) -> np.ndarray:
        return self.value if self.find_moved is None else self.find_moved()

    @property
    def reward_variance(self) -> np.ndarray:
        """What the weights add to the variance of rewards ``[items]``."""
        return ((self._moved @ self.covariance) * self._moved).sum(axis=1)

    @property
    def own_variance(self) -> np.ndarray:
        """What the weights add to the variance of items' own parts ``[items]``."""
        left = self.value - self._moved
        return ((left @ self.covariance) * left).sum(axis=1)

    @property
    def mean_own_variance(self) -> float:
        """The mean of ``own_variance``, which takes a fraction of its time."""
        if self.find_gram is None:
            return 0.0
        return float((self.find_gram() * self.covariance).sum()) / len(self.value)


def weight_hessian(
    slots: BallotSlots, found: Choices | TiedChoices, weight: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """The negative Hessian of ballots' log-likelihood in the weights of functions of features
    ``[functions, functions]``.

    Args:
        slots: the ballots; found: their likelihood.
        weight: of each ballot ``[ballots]``; value: of the functions ``[items, functions]``.
    """
    total, places = np.zeros((value.shape[1],) * 2), slots.mask.shape[1]
    # Single precision only shortens or lengthens steps a little, and halves the time.
    value = value.astype(np.float32)
    hessian = (weight[:, None, None] * found.neg_hessian()).astype(np.float32)
    size = max(1, MAX_CELLS // (places * value.shape[1]))
    for start in range(0, len(weight), size):
        part = slice(start, start + size)
        ranked = value[slots.item[part]]
        curved = hessian[part] @ ranked
        total += ranked.reshape(-1, len(total)).T @ curved.reshape(-1, len(total))
    return 0.5 * (total + total.T)
