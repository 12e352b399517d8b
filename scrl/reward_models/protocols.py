"""What reward models answer: one protocol for all, one for each further ability."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import jax
import numpy as np

from scrl.choice_models.losses import kl_by_dimension
from scrl.config import ModelsConfig
from scrl.reward_models.comparisons import Comparisons

#: Called between chunks of training with the curves so far and the share done; or nobody is.
OnChunk = Callable[[dict[str, np.ndarray], float], None] | None


class RaterPosterior(NamedTuple):
    """A latent model's belief about raters.

    Attributes:
        mean: of each dimension ``[raters, latent]``.
        log_variance: same shape; None where the belief is no Gaussian.
        kl: from the prior, nats by dimension ``[raters, latent]``.
    """

    mean: np.ndarray
    log_variance: np.ndarray | None
    kl: np.ndarray

    @classmethod
    def gaussian(cls, mean: np.ndarray, log_variance: np.ndarray) -> RaterPosterior:
        """A diagonal Gaussian; its KL is from the standard normal."""
        return cls(mean, log_variance, kl_by_dimension(mean, log_variance))

    def gaussian_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of a Gaussian belief ``[raters, latent]``.

        Raises:
            ValueError: where the belief is no Gaussian.
        """
        if self.log_variance is None:
            raise ValueError("This belief is no Gaussian.")
        return self.mean, np.exp(0.5 * self.log_variance)


@runtime_checkable
class RewardModel(Protocol):
    """A fitted reward model of many people.

    The *context* is what each rater has annotated so far. A model with one reward for everybody
    uses only its number of raters.

    Attributes:
        uses_true_type: whether it looks at raters' true types.
    """

    uses_true_type: ClassVar[bool]

    @property
    def parameter_count(self) -> int:
        """Numbers that were fitted."""
        ...

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Log-odds of all items ``[raters, items]``, of mean 0 within each prompt.

        Without a context: ``[1, items]``, of an unknown rater.
        """
        ...

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(the rater prefers the first item) of each query pair ``[raters, pairs]``."""
        ...


@runtime_checkable
class LatentRewardModel(RewardModel, Protocol):
    """A reward model with a latent for each rater."""

    def posterior(self, context: Comparisons) -> RaterPosterior:
        """The belief about each rater given the context."""
        ...

    def probabilities_at(self, latent: np.ndarray, queries: Comparisons) -> np.ndarray:
        """As ``probabilities``, of raters with these latents ``[raters, latent]``."""
        ...


@runtime_checkable
class FeatureRewardModel(RewardModel, Protocol):
    """A reward model that knows items by their features, so that it can be asked about others."""

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Self:
        """The same model, asked about other items (as in ``Comparisons``)."""
        ...


class FitRewardModel(Protocol):
    """How every family is fitted."""

    def __call__(
        self,
        key: jax.Array,
        comparisons: Comparisons,
        config: ModelsConfig,
        on_chunk: OnChunk = None,
        /,
    ) -> tuple[RewardModel, dict]:
        """The model, and its training curves (empty where nothing is trained step by step)."""
        ...
