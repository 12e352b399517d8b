"""Bradley–Terry on the raters of each true type: the ceiling, since no model is told the type."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from scrl.config import ModelsConfig
from scrl.reward_models import pooled
from scrl.reward_models.base import Model, gaps, sigmoid
from scrl.reward_models.comparisons import Comparisons
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class PerType(Model):
    """Attributes: reward: log-odds ``[types, items]``; share: of the raters ``[types]``."""

    reward: np.ndarray
    share: np.ndarray
    told = True

    @property
    def parameters(self) -> int:
        return self.reward.size

    def rewards(self, context):
        anybody = self.share @ self.reward
        if context is None:
            return anybody[None]
        # Of a type that was never met nothing is known.
        kinds = np.minimum(types_of(context), len(self.reward))
        return np.vstack([self.reward, anybody])[kinds]

    def chances(self, context, asked):
        return sigmoid(gaps(self.rewards(context), asked))


@dataclass(frozen=True, eq=False)
class OfFeatures(Model):
    """Attributes: models: a network for each type; share: of the raters ``[types]``."""

    models: tuple[pooled.OfFeatures, ...]
    share: np.ndarray
    told = True

    @property
    def parameters(self) -> int:
        return sum(model.parameters for model in self.models)

    def rewards(self, context):
        each = np.concatenate([model.rewards(None) for model in self.models])
        return (self.share @ each)[None] if context is None else each[types_of(context)]

    def chances(self, context, asked):
        kinds, found = types_of(context), np.empty(asked.mask.shape)
        for t in np.unique(kinds):
            found[kinds == t] = self.models[t].chances(context, asked.of(kinds == t))
        return found


def fit(key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None) -> tuple[Model, dict]:
    """The exact optimum for each type, or a network for each where items are known by features.

    Raises:
        InputError: where raters' types are not known.
    """
    kinds = types_of(comparisons)
    own = [comparisons.of(kinds == t) for t in range(kinds.max() + 1)]
    share = np.bincount(kinds) / len(kinds)
    if not comparisons.named:
        models = []

        def report(curves, part):
            if on_chunk is not None:
                on_chunk(curves, (len(models) + part) / len(own))

        for t, some in enumerate(own):
            models.append(pooled.fit(jax.random.fold_in(key, t), some, config, report)[0])
        return OfFeatures(tuple(models), share), {}
    rewards = [pooled.scores(some.flat(), some.offsets, config.prior_sd) for some in own]
    return PerType(np.array(rewards), share), {}


def types_of(comparisons: Comparisons) -> np.ndarray:
    """Each rater's type ``[raters]``.

    Raises:
        InputError: where it is not known.
    """
    if comparisons.rater_type is None or (comparisons.rater_type < 0).any():
        raise InputError("Nobody knows the types of these raters, so there is no model for each.")
    return comparisons.rater_type
