"""LoRe: a rater's reward is w · Θ x, with w on the simplex (after arXiv 2504.14439).

Where the published method trains w = softmax(v) and Θ by gradient steps, here each is solved given
the other: w by Newton's method on the simplex, Θ by a quadratic bound (``linear_tastes``). A
rater's weights have the log prior Σ_b c log w_b, which is a Dirichlet's in the coordinates v. A new
rater's weights are found with the bases frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.reward_models.comparisons import Comparisons, empty_context
from scrl.reward_models.linear_tastes import (
    PairDifferences,
    bound_curvature,
    check_coefficients,
    gap_moments,
    gaussian_weights,
    simplex_weights,
    solve_bases,
    win_probabilities,
)
from scrl.reward_models.protocols import OnChunk, RaterPosterior
from scrl.reward_models.reward_features import (
    INNER_STEPS,
    BasesConfig,
    choose_bases,
    fit_gaussian,
)
from scrl.reward_models.reward_scales import center_by_prompt, reward_gaps

#: Pseudo-count of each basis in a rater's prior.
CONCENTRATION = 0.5
#: Rounds of the nearest-centre iteration that places the first bases, and how far beyond the
#: centres they lie: mixtures of the centres themselves could not reach the raters around them.
CENTRE_ROUNDS, EXPANSION = 20, 1.5


@dataclass(frozen=True, eq=False)
class LowRankSimplex:
    """A fitted model with weights on the simplex. A rater's latent is the vector of weights.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        theta: coefficients of the bases ``[bases, features]``.
        prior: pseudo-counts of the bases ``[bases]``.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    theta: np.ndarray
    prior: np.ndarray
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """The coefficients."""
        return self.theta.size

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> LowRankSimplex:
        """The same bases applied to other items."""
        return replace(self, features=features, offsets=offsets)

    def weights(self, context: Comparisons) -> tuple[np.ndarray, np.ndarray]:
        """Mode ``[raters, bases]`` and covariance of raters' weights given their pairs."""
        data = PairDifferences.of(context)
        return simplex_weights(data.by_basis(self.theta), data.mask, self.prior)

    def posterior(self, context: Comparisons) -> RaterPosterior:
        """The mode, and each basis's part of the KL from the prior's shares."""
        weight = self.weights(context)[0]
        share = self.prior / self.prior.sum()
        return RaterPosterior(weight, None, weight * np.log(weight / share))

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        context = empty_context(self.features, self.offsets) if context is None else context
        found = self.weights(context)[0] @ self.theta @ self.features.T
        return center_by_prompt(np.asarray(found, np.float64), self.offsets)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return win_probabilities(
            PairDifferences.of(queries).by_basis(self.theta), *self.weights(context)
        )

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        rewards = np.asarray(latent @ self.theta @ queries.features.T, np.float64)
        return expit(reward_gaps(rewards, queries))


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
    data = PairDifferences.of(comparisons)
    scale = data.scale()
    data = replace(data, x=data.x / scale)
    check_coefficients(max(settings.bases), data.x.shape[2])
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))

    def fit_bases(data: PairDifferences, bases: int) -> LowRankSimplex:
        theta = fit_simplex(data, bases, settings)
        prior = np.full(bases, CONCENTRATION)
        return LowRankSimplex(theta, prior, comparisons.features, comparisons.offsets)

    def held_out_loss(
        model: LowRankSimplex, seen: PairDifferences, asked: PairDifferences
    ) -> float:
        found = simplex_weights(seen.by_basis(model.theta), seen.mask, model.prior)
        chance = win_probabilities(asked.by_basis(model.theta), *found)
        return float(-(np.log(chance) * asked.mask).sum())

    model = choose_bases(data, settings.bases, fit_bases, held_out_loss, seed, on_chunk)
    return replace(model, theta=model.theta / scale), {}


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
