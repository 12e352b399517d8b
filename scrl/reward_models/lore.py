"""LoRe: a rater's reward is w · Θ x, with w on the simplex (after arXiv 2504.14439).

Where the published method trains w = softmax(v) and Θ by gradient steps, here each is solved given
the other: w by Newton's method on the simplex, Θ by a quadratic bound (``linear_tastes``). A
rater's weights have the log prior Σ_b c log w_b, which is a Dirichlet's in the coordinates v. A new
rater's weights are found with the bases frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np

from scrl.config import ModelsConfig
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import (
    PairDifferences,
    bound_curvature,
    gap_moments,
    gaussian_weights,
    simplex_weights,
    solve_bases,
)
from scrl.reward_models.protocols import OnChunk, RaterPosterior
from scrl.reward_models.reward_features import (
    INNER_STEPS,
    BasesConfig,
    LinearTastes,
    fit_chosen,
    fit_gaussian,
)

#: Pseudo-count of each basis in a rater's prior.
CONCENTRATION = 0.5
#: Rounds of the nearest-centre iteration that places the first bases, and how far beyond the
#: centres they lie: mixtures of the centres themselves could not reach the raters around them.
CENTRE_ROUNDS, EXPANSION = 20, 1.5


@dataclass(frozen=True, eq=False)
class LowRankSimplex(LinearTastes):
    """A fitted model with weights on the simplex. A rater's latent is the vector of weights.

    Attributes:
        prior: pseudo-counts of the bases ``[bases]``.
    """

    prior: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The coefficients."""
        return self.theta.size

    def weights_given(self, data: PairDifferences) -> tuple[np.ndarray, np.ndarray]:
        return simplex_weights(data.by_basis(self.theta), data.mask, self.prior)

    def weights_at(self, latent: np.ndarray) -> np.ndarray:
        return latent

    def posterior(self, context: Comparisons) -> RaterPosterior:
        """The mode, and each basis's part of the KL from the prior's shares."""
        weight = self.weights(context)[0]
        share = self.prior / self.prior.sum()
        return RaterPosterior(weight, None, weight * np.log(weight / share))


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    settings: BasesConfig | None = None,
) -> tuple[LowRankSimplex, dict[str, np.ndarray]]:
    """Fit the bases, and choose their number.

    Args and errors are those of ``reward_features.fit``; ``weight_sd`` is not used.
    """
    settings = settings or BasesConfig()

    def fit_bases(data: PairDifferences, bases: int) -> LowRankSimplex:
        theta, prior = fit_simplex(data, bases, settings), np.full(bases, CONCENTRATION)
        return LowRankSimplex(theta, comparisons.features, comparisons.offsets, prior)

    return fit_chosen(key, comparisons, settings, fit_bases, on_chunk), {}


def fit_simplex(data: PairDifferences, bases: int, settings: BasesConfig) -> np.ndarray:
    """Θ ``[bases, features]`` for features of scale 1."""
    theta = _first_bases(data, bases, settings)
    prior = np.full(bases, CONCENTRATION)
    precision = theta.shape[1] / settings.coefficient_sd**2
    w: np.ndarray | None = None
    for _ in range(settings.rounds):
        gap = data.by_basis(theta)
        w, covariance = simplex_weights(gap, data.mask, prior, w, INNER_STEPS)
        known = covariance if settings.learn_prior else None
        curvature = bound_curvature(gap_moments(gap, w, known))
        before = theta
        theta = solve_bases(data, w, known, curvature, precision)
        change = np.linalg.norm(theta - before) / (np.linalg.norm(before) + 1e-12)
        if change < settings.tolerance:
            break
    return theta


def _first_bases(data: PairDifferences, bases: int, settings: BasesConfig) -> np.ndarray:
    """Centres of raters' rewards under free weights, moved outwards ``[bases, features]``."""
    few = replace(settings, rounds=15, learn_prior=True)
    theta, mean = fit_gaussian(data, bases, few)
    w = gaussian_weights(data.by_basis(theta), data.mask, mean)[0]
    # The first centre is the rater farthest from the mean, each next one the farthest from those.
    centre = [int(((w - w.mean(0)) ** 2).sum(1).argmax())]
    for _ in range(1, bases):
        distance = ((w[:, None] - w[centre]) ** 2).sum(-1).min(1)
        centre.append(int(distance.argmax()))
    middle = w[centre]
    for _ in range(CENTRE_ROUNDS):
        nearest = ((w[:, None] - middle) ** 2).sum(-1).argmin(1)
        for b in range(bases):
            if (nearest == b).any():
                middle[b] = w[nearest == b].mean(0)
    middle = w.mean(0) + EXPANSION * (middle - w.mean(0))
    return middle @ theta
