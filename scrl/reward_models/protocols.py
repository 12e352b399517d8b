"""Protocols of reward models: one for all models, and one for each further ability."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import jax
import numpy as np

from scrl.choice_models.losses import kl_by_dimension
from scrl.config import ModelsConfig
from scrl.reward_models.comparisons import Comparisons

#: Called between chunks of training with the curves so far and the share done, if not None.
OnChunk = Callable[[dict[str, np.ndarray], float], None] | None


class RaterPosterior(NamedTuple):
    """A latent model's posterior of raters' latents.

    Attributes:
        mean: ``[raters, latent]``.
        log_variance: same shape; None if the posterior is not Gaussian.
        kl: KL from the prior by dimension, in nats ``[raters, latent]``.
    """

    mean: np.ndarray
    log_variance: np.ndarray | None
    kl: np.ndarray

    @classmethod
    def gaussian(cls, mean: np.ndarray, log_variance: np.ndarray) -> RaterPosterior:
        """A diagonal Gaussian posterior with a standard normal prior."""
        return cls(mean, log_variance, kl_by_dimension(mean, log_variance))

    def gaussian_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of a Gaussian posterior ``[raters, latent]``.

        Raises:
            ValueError: if the posterior is not Gaussian.
        """
        if self.log_variance is None:
            raise ValueError("This posterior is not Gaussian.")
        return self.mean, np.exp(0.5 * self.log_variance)


@runtime_checkable
class RewardModel(Protocol):
    """A fitted reward model of many raters.

    The *context* is the pairs that each rater has annotated so far. A model with one reward for all
    raters uses only the context's number of raters.

    Attributes:
        uses_true_type: whether the model reads raters' true types.
    """

    uses_true_type: ClassVar[bool]

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters."""
        ...

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards of all items in log-odds ``[raters, items]``, centred within each prompt.

        Without context, the rewards for an unknown rater ``[1, items]``.
        """
        ...

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(the rater prefers the first item) for each query pair ``[raters, pairs]``."""
        ...


@runtime_checkable
class LatentRewardModel(RewardModel, Protocol):
    """A reward model with a latent for each rater."""

    def posterior(self, context: Comparisons) -> RaterPosterior:
        """The posterior of each rater's latent given the context."""
        ...

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        """As ``probabilities``, for given latents ``[raters, latent]``."""
        ...


@runtime_checkable
class FeatureRewardModel(RewardModel, Protocol):
    """A reward model of items' features, which can be applied to other items."""

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Self:
        """The same model applied to other items (as in ``Comparisons``)."""
        ...


class FitRewardModel(Protocol):
    """The signature of every family's ``fit``."""

    def __call__(
        self,
        key: jax.Array,
        comparisons: Comparisons,
        config: ModelsConfig,
        on_chunk: OnChunk = None,
        /,
    ) -> tuple[RewardModel, dict[str, np.ndarray]]:
        """Fit a model.

        Returns:
            The model, and its training curves (empty for exact fits).
        """
        ...
