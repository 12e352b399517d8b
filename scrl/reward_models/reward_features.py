"""Reward features: a rater's reward is w · Θ x, with w free (after arXiv 2503.17338).

Raters' weights have the prior N(m, I) and are integrated out by Laplace's approximation, Θ has a
Gaussian prior, and m and the scale of weights are learnt by EM. The number of bases
is chosen by the likelihood of pairs that are hidden from held-out raters. A new rater's weights are
a convex logistic regression with the bases frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeVar

import jax
import numpy as np
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.comparisons import Comparisons, empty_context
from scrl.reward_models.linear_tastes import (
    PairDifferences,
    bound_curvature,
    check_coefficients,
    gap_moments,
    gaussian_weights,
    solve_bases,
    win_probabilities,
)
from scrl.reward_models.protocols import OnChunk, RaterPosterior
from scrl.reward_models.reward_scales import center_by_prompt, reward_gaps

#: Newton steps of raters' weights in each round.
INNER_STEPS = 3
#: Share of the raters that choose the number of bases.
HELD_OUT_SHARE = 0.25
ModelT = TypeVar("ModelT", bound="LinearTastes")


@dataclass(frozen=True)
class BasesConfig:
    """Settings of models with linear rewards.

    Attributes:
        bases: their number; of several, held-out likelihood chooses.
        learn_prior: whether raters' weights are integrated out and their scale is learnt; otherwise
            weights and bases are joint modes.
        weight_sd: of the prior of raters' weights, where their scale is not learnt.
        coefficient_sd: prior standard deviation of a gap in one basis: that of a coefficient, in
            units of its feature's differences, times √features. A learnt one was no better, and
            vanished where raters had few pairs.
        rounds: of alternating steps, at most.
        tolerance: of the change of Θ, relative to its size, at which they end.
    """

    bases: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8)
    learn_prior: bool = True
    weight_sd: float = 1.0
    coefficient_sd: float = 1.0
    rounds: int = 60
    tolerance: float = 4e-3


@dataclass(frozen=True, eq=False)
class LinearTastes:
    """What models of raters with shared linear rewards have in common.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        theta: coefficients of the bases ``[bases, features]``.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    theta: np.ndarray
    features: np.ndarray
    offsets: np.ndarray

    def weights_given(self, data: PairDifferences) -> tuple[np.ndarray, np.ndarray]:
        """Mode ``[raters, bases]`` and covariance of raters' weights given their pairs."""
        raise NotImplementedError

    def weights_at(self, latent: np.ndarray) -> np.ndarray:
        """The weights of latents ``[raters, bases]``."""
        raise NotImplementedError

    def weights(self, context: Comparisons) -> tuple[np.ndarray, np.ndarray]:
        """As ``weights_given``, of annotated pairs."""
        return self.weights_given(PairDifferences.of(context))

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Self:
        """The same bases applied to other items."""
        return replace(self, features=features, offsets=offsets)

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards at the mode of the weights."""
        context = empty_context(self.features, self.offsets) if context is None else context
        found = self.weights(context)[0] @ self.theta @ self.features.T
        return center_by_prompt(np.asarray(found, np.float64), self.offsets)

    def chances(self, seen: PairDifferences, asked: PairDifferences) -> np.ndarray:
        """P(the first item is preferred) of ``asked`` ``[raters, pairs]``, given ``seen``."""
        return win_probabilities(asked.by_basis(self.theta), *self.weights_given(seen))

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return self.chances(PairDifferences.of(context), PairDifferences.of(queries))

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        rewards = self.weights_at(latent) @ self.theta @ queries.features.T
        return expit(reward_gaps(np.asarray(rewards, np.float64), queries))


@dataclass(frozen=True, eq=False)
class RewardFeatures(LinearTastes):
    """A fitted model with free weights. A rater's latent is w - m, a priori N(0, I / precision).

    Attributes:
        mean: m ``[bases]``.
        precision: of the prior of w.
    """

    mean: np.ndarray
    precision: float

    @property
    def parameter_count(self) -> int:
        """Coefficients and mean weights."""
        return self.theta.size + self.mean.size

    def weights_given(self, data: PairDifferences) -> tuple[np.ndarray, np.ndarray]:
        return gaussian_weights(data.by_basis(self.theta), data.mask, self.mean, self.precision)

    def weights_at(self, latent: np.ndarray) -> np.ndarray:
        return self.mean + latent / np.sqrt(self.precision)

    def posterior(self, context: Comparisons) -> RaterPosterior:
        """In standard deviations of the prior."""
        mode, covariance = self.weights(context)
        variance = np.diagonal(covariance, axis1=1, axis2=2) * self.precision
        return RaterPosterior.gaussian(
            (mode - self.mean) * np.sqrt(self.precision), np.log(variance)
        )


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    settings: BasesConfig | None = None,
) -> tuple[RewardFeatures, dict[str, np.ndarray]]:
    """Fit the bases, and choose their number.

    Args:
        key: gives the seed of the raters that are held out.
        comparisons: the training pairs.
        config: not used.
        on_chunk: called with no curves and the share done.
        settings: the number of bases and the priors.

    Raises:
        InputError: if there are too many pairs or coefficients.
    """
    settings = settings or BasesConfig()
    precision = 1.0 if settings.learn_prior else settings.weight_sd**-2

    def fit_bases(data: PairDifferences, bases: int) -> RewardFeatures:
        theta, mean = fit_gaussian(data, bases, settings)
        return RewardFeatures(
            theta, comparisons.features, comparisons.offsets, mean, precision
        )  # fmt: skip

    return fit_chosen(key, comparisons, settings, fit_bases, on_chunk), {}


def fit_chosen(
    key: jax.Array,
    comparisons: Comparisons,
    settings: BasesConfig,
    fit_bases: Callable[[PairDifferences, int], ModelT],
    on_chunk: OnChunk = None,
) -> ModelT:
    """The model of the number of bases that held-out likelihood chooses.

    Other arguments, and errors, are those of ``fit``.

    Args:
        fit_bases: ``(data, bases) -> model`` for features of scale 1.
    """
    data = PairDifferences.of(comparisons)
    scale = data.scale()
    data = replace(data, x=data.x / scale)
    check_coefficients(max(settings.bases), data.x.shape[2])
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    model = choose_bases(data, settings.bases, fit_bases, seed, on_chunk)
    return replace(model, theta=model.theta / scale)


def choose_bases(
    data: PairDifferences,
    candidates: tuple[int, ...],
    fit_bases: Callable[[PairDifferences, int], ModelT],
    seed: int,
    on_chunk: OnChunk = None,
) -> ModelT:
    """The model of the number of bases that predicts hidden pairs of held-out raters best.

    Args:
        candidates: numbers of bases.
        fit_bases: ``(data, bases) -> model``.
        seed: of the raters that are held out.
    """
    if len(candidates) == 1:
        return fit_bases(data, candidates[0])
    rng = host_rng(seed, HostStream.BASES_HELD_OUT)
    raters = len(data.mask)
    held = np.zeros(raters, bool)
    held[rng.permutation(raters)[: max(1, round(HELD_OUT_SHARE * raters))]] = True
    seen, asked = halves(data.select(held), rng)
    best, least = candidates[0], np.inf
    for i, bases in enumerate(sorted(candidates)):
        chance = fit_bases(data.select(~held), bases).chances(seen, asked)
        loss = float(-(np.log(chance) * asked.mask).sum())
        if on_chunk is not None:
            on_chunk({}, (i + 1) / (len(candidates) + 1))
        if loss < least:
            best, least = bases, loss
    return fit_bases(data, best)


def halves(
    data: PairDifferences, rng: np.random.Generator
) -> tuple[PairDifferences, PairDifferences]:
    """The same raters with a random half of the pairs each; of one pair, it is in the second."""
    order = np.where(data.mask > 0, rng.random(data.mask.shape), 2.0).argsort(1).argsort(1)
    first = order < data.mask.sum(1, keepdims=True) // 2
    masks = (data.mask * first, data.mask * ~first)
    seen, asked = (PairDifferences(data.x * m[..., None], m) for m in masks)
    return seen, asked


# -- the fit --------------------------------------------------------------------------------------


def initial_bases(data: PairDifferences, bases: int) -> tuple[np.ndarray, np.ndarray]:
    """A start: the pooled ridge regression, and principal directions of raters' residual sums.

    Returns:
        Θ ``[bases, features]`` and mean weights ``[bases]``.
    """
    pooled = data.x.transpose(0, 2, 1) @ data.x
    gram, target = pooled.sum(0) / 4, data.x.sum((0, 1)) / 2
    gram[np.diag_indices(len(gram))] += 1.0
    mean = np.linalg.solve(gram, target)
    residual = np.einsum("rpf,rp->rf", data.x, (expit(-data.x @ mean)) * data.mask)
    residual = residual / np.sqrt(np.maximum(data.mask.sum(1, keepdims=True), 1.0))
    _, size, axes = np.linalg.svd(residual - residual.mean(0), full_matrices=False)
    rows = np.zeros((bases, data.x.shape[2]))
    count = min(bases, len(axes))
    rows[:count] = axes[:count] * (size[:count, None] / np.sqrt(len(residual)) + 1e-3)
    # The mean has to lie in the span of the bases: it is added to the first.
    weight = np.zeros(bases)
    weight[0] = 1.0
    rows[0] += mean
    return rows, weight


def fit_gaussian(
    data: PairDifferences, bases: int, settings: BasesConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Θ ``[bases, features]`` and mean weights ``[bases]`` for features of scale 1."""
    theta, mean = initial_bases(data, bases)
    precision = theta.shape[1] / settings.coefficient_sd**2
    strength = 1.0 if settings.learn_prior else settings.weight_sd**-2
    w: np.ndarray | None = None
    for _ in range(settings.rounds):
        gap = data.by_basis(theta)
        w, covariance = gaussian_weights(gap, data.mask, mean, strength, w, INNER_STEPS)
        certain = None if not settings.learn_prior else covariance
        mean = w.mean(0)
        curvature = bound_curvature(gap_moments(gap, w, certain))
        before = theta
        theta = solve_bases(data, w, certain, curvature, precision)
        change = np.linalg.norm(theta - before) / (np.linalg.norm(before) + 1e-12)
        if settings.learn_prior:
            theta, mean, w = _rescaled(theta, mean, w, covariance)
        if change < settings.tolerance:
            break
    return theta, mean


def _rescaled(
    theta: np.ndarray, mean: np.ndarray, w: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same rewards with weights of unit covariance.

    This is a step of parameter-expanded EM (Liu, Rubin & Wu 1998): it moves the scale of Θ at once.
    """
    centred = w - mean
    second = covariance.mean(0) + centred.T @ centred / len(w)
    root = np.linalg.cholesky(second + 1e-9 * np.eye(len(mean)))
    inverse = np.linalg.inv(root)
    return root.T @ theta, inverse @ mean, w @ inverse.T
