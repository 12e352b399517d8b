"""What every reward model answers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from scrl.reward_models.comparisons import Comparisons


class Latents(NamedTuple):
    """What a latent model believes of raters.

    Attributes:
        mean: of each dimension ``[raters, latent]``.
        log_variance: same shape; None where the belief is no Gaussian.
        kl: nats that each dimension says beyond the prior ``[raters, latent]``.
    """

    mean: np.ndarray
    log_variance: np.ndarray | None
    kl: np.ndarray


class Model:
    """A fitted reward model.

    Methods take the context, pairs that each rater has annotated; a model with one reward for all
    looks only at how many raters there are.

    Attributes:
        told: whether it looks at raters' true types.
    """

    told = False

    @property
    def parameters(self) -> int:
        """Numbers that were fitted."""
        raise NotImplementedError

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Log-odds ``[raters, items]``, of mean 0 within each prompt; ``[1, items]`` of nobody in
        particular where there is no context."""
        raise NotImplementedError

    def chances(self, context: Comparisons, asked: Comparisons) -> np.ndarray:
        """The chance that each rater prefers the first of each pair asked ``[raters, pairs]``."""
        raise NotImplementedError

    def about(self, features: np.ndarray, offsets: np.ndarray) -> Model:
        """The same, asked for rewards of other items, which it must know by their features."""
        raise NotImplementedError

    def posterior(self, context: Comparisons) -> Latents | None:
        """What is believed of each rater; None of a model without latents."""
        return None

    def chances_at(self, mean: np.ndarray, asked: Comparisons) -> np.ndarray:
        """As ``chances``, for raters whose latents are these ``[raters, latent]``."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class OneForAll(Model):
    """A model with one reward for everybody, known item by item.

    Attributes:
        reward: log-odds ``[items]``, of mean 0 within each prompt.
        fitted: how many numbers were.
    """

    reward: np.ndarray
    fitted: int

    @property
    def parameters(self) -> int:
        return self.fitted

    def rewards(self, context):
        return np.tile(self.reward, (1 if context is None else context.raters, 1))

    def chances(self, context, asked):
        return sigmoid(gaps(self.rewards(asked), asked))


def gaps(rewards: np.ndarray, asked: Comparisons) -> np.ndarray:
    """By how much the first of each pair is ahead ``[raters, pairs]``, of rewards ``[raters,
    items]``."""
    row = np.arange(asked.raters)[:, None]
    return rewards[row, asked.pairs[..., 0]] - rewards[row, asked.pairs[..., 1]]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def centred(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """``[..., items]`` less the mean of each prompt's items."""
    count = np.diff(offsets)
    mean = np.add.reduceat(rewards, offsets[:-1], axis=-1) / count
    return rewards - np.repeat(mean, count, axis=-1)


def win_rates(rewards: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Rewards between 0 and 1 that raters share a scale in: the mean chance to be preferred to the
    prompt's other completions (VPL's pairwise classification), ``[..., items]``."""
    found = np.empty_like(rewards)
    for start, stop in pairwise(offsets):
        part = rewards[..., start:stop]
        above = sigmoid(part[..., :, None] - part[..., None, :]).sum(-1) - 0.5
        found[..., start:stop] = above / max(stop - start - 1, 1)
    return found
