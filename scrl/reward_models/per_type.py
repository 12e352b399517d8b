"""Bradley–Terry on the raters of each true type: the ceiling, since no model is told the type."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from scrl.config import ModelsConfig
from scrl.reward_models import pooled
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import Model, gaps, sigmoid
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
    """Attributes: models: a network for each type that was met; share: of the raters, by type."""

    models: dict[int, pooled.OfFeatures]
    share: dict[int, float]
    told = True

    @property
    def parameters(self) -> int:
        return sum(model.parameters for model in self.models.values())

    def rewards(self, context):
        each = {t: model.rewards(None) for t, model in self.models.items()}
        anybody = sum(self.share[t] * reward for t, reward in each.items())
        if context is None:
            return anybody
        return np.concatenate([each.get(t, anybody) for t in types_of(context).tolist()])

    def chances(self, context, asked):
        kinds, found = types_of(context), np.zeros(asked.mask.shape)
        for t in np.unique(kinds).tolist():
            some = asked.of(kinds == t)
            # Of a type that was never met nothing is known.
            weight = {t: 1.0} if t in self.models else self.share
            for known, share in weight.items():
                found[kinds == t] += share * self.models[known].chances(some, some)
        return found


def fit(key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None) -> tuple[Model, dict]:
    """The exact optimum for each type, or a network for each where items are known by features.

    Raises:
        InputError: where raters' types are not known.
    """
    kinds = types_of(comparisons)
    share = np.bincount(kinds) / len(kinds)
    if comparisons.named:
        rewards = [
            pooled.scores(comparisons.of(kinds == t).flat(), comparisons.offsets, config.prior_sd)
            for t in range(len(share))
        ]
        return PerType(np.array(rewards), share), {}
    met, models = np.flatnonzero(share).tolist(), {}

    def report(curves, done):
        if on_chunk is not None:
            on_chunk(curves, (len(models) + done) / len(met))

    for t in met:
        own = comparisons.of(kinds == t)
        models[t], _ = pooled.fit(jax.random.fold_in(key, t), own, config, report)
    return OfFeatures(models, {t: float(share[t]) for t in met}), {}


def types_of(comparisons: Comparisons) -> np.ndarray:
    """Each rater's type ``[raters]``.

    Raises:
        InputError: where it is not known.
    """
    if comparisons.rater_type is None or (comparisons.rater_type < 0).any():
        raise InputError("Nobody knows the types of these raters, so there is no model for each.")
    return comparisons.rater_type
