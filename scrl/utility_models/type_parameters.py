"""Parameters of a mixture of types, and the prior of their rewards that fits them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.utility_models.completion_effects import CompletionEffects
from scrl.utility_models.tie_model import TieModel

#: Standard deviations: of the types' common mean, and of types around it at first and at most.
MEAN_SD, FIRST_SPREAD, MAX_SPREAD = 10.0, 2.0, 10.0
#: With features: of items' own parts at first, and at least, which means that there are none.
FIRST_OWN_SPREAD, MIN_SPREAD = 0.5, 0.02


@dataclass(frozen=True, eq=False)
class Types:
    """Parameters of a mixture.

    Attributes:
        reward: ``[types, items]``; share: ``[types]``.
        mean: of the types' rewards ``[items]``, or of what features do not explain of them;
            mean_sd: its prior standard deviation; spread: that of the types around it.
        ties: of each type under the Davidson–Luce model; empty where tied completions count half.
        effects: what completions' features add to the types' rewards; None without features.
        objective: log posterior density; bic: lower is better.
    """

    reward: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    spread: float = FIRST_SPREAD
    ties: tuple[TieModel, ...] = ()
    effects: CompletionEffects | None = None
    mean_sd: float = MEAN_SD
    objective: float = -np.inf
    bic: float = np.inf

    @property
    def log_prior(self) -> float:
        """Log density of the types' rewards around their mean."""
        away = self.own / self.spread
        weights = 0.0 if self.effects is None else self.effects.log_prior
        return float(-0.5 * (away**2).sum() - away.size * np.log(self.spread)) + weights

    @property
    def follows_features(self) -> bool:
        """Whether items have no parts of their own, so that features alone tell the rewards."""
        return self.effects is not None and self.spread <= MIN_SPREAD

    @property
    def unexplained(self) -> np.ndarray:
        """What features do not explain of the types' rewards ``[types, items]``."""
        return self.reward if self.effects is None else self.reward - self.effects.reward

    @property
    def own(self) -> np.ndarray:
        """The types' rewards less their prior means ``[types, items]``."""
        return self.unexplained - self.mean


@dataclass(frozen=True, eq=False)
class RewardStep:
    """A Newton step of the types' rewards.

    Attributes:
        reward: ``[types, items]``; variance: of its posterior, same shape.
        own_variance: of what features do not explain, same shape; given_effects: the same where
            the features' weights are given.
        effects: with the types' new weights.
    """

    reward: np.ndarray
    variance: np.ndarray
    own_variance: np.ndarray
    given_effects: np.ndarray
    effects: CompletionEffects | None


def effective_parameters(variance: np.ndarray, spread: float, mean_sd: float = MEAN_SD) -> float:
    """How many parameters the rewards ``[types, items]`` amount to, their prior being Gaussian
    around an unknown mean.

    Args:
        variance: posterior variance of each reward, given the mean ``[types, items]``.
        spread: with which the variance was found.
        mean_sd: prior standard deviation of the mean.
    """
    types = len(variance)
    if not variance.any():
        return 0.0  # items have no parts of their own
    data = np.maximum(1 / variance - 1 / spread**2, 0.0).T
    prior = np.linalg.inv(spread**2 * np.eye(types) + mean_sd**2)
    informed = data[:, :, None] * np.eye(types)
    return float(np.trace(np.linalg.solve(informed + prior, informed), axis1=1, axis2=2).sum())


def with_fitted_prior(mixture: Types, step: RewardStep) -> Types:
    """The mixture with new rewards and the prior that fits them (empirical Bayes)."""
    types, effects = len(step.reward), step.effects
    moved = replace(mixture, reward=step.reward, effects=effects)
    if effects is None:
        ratio = (mixture.spread / MEAN_SD) ** 2
        mean = step.reward.mean(0) * types / (types + ratio)
        spread = mixture.spread
        if types > 1:
            second = ((step.reward - mean) ** 2 + step.variance).mean()
            spread = min(MAX_SPREAD, float(np.sqrt(second)))
        return replace(moved, mean=mean, spread=spread)
    if mixture.follows_features:
        return moved
    # What features do not explain: with one type the items' own parts alone, around 0.
    residual = moved.unexplained
    mean, mean_sd = np.zeros(residual.shape[1]), mixture.mean_sd
    if types > 1:
        mean = residual.mean(0) * types / (types + (mixture.spread / mean_sd) ** 2)
        data = np.maximum(1 / step.given_effects - mixture.spread**-2, 0.0)
        informed = (data / (1 + data * mixture.spread**2)).sum(axis=0)
        second = (mean**2 + 1 / (informed + mean_sd**-2)).mean()
        mean_sd = float(np.clip(np.sqrt(second), MIN_SPREAD, MEAN_SD))
    second = ((residual - mean) ** 2 + step.own_variance).mean()
    spread = float(np.clip(np.sqrt(second), MIN_SPREAD, MAX_SPREAD))
    return replace(moved, mean=mean, mean_sd=mean_sd, spread=spread)
