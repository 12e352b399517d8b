"""Bradley–Terry on everybody: the floor, exact. ``plackett_luce`` has a network, and lists."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, bradley_terry
from scrl.config import ModelsConfig
from scrl.reward_models import prototypes
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import Model, OneForAll


@dataclass(frozen=True, eq=False)
class OfFeatures(Model):
    """One reward for everybody, a network's.

    Attributes:
        mixture: of one prototype, which is Bradley–Terry.
    """

    mixture: prototypes.Prototypes

    @property
    def parameters(self) -> int:
        return self.mixture.parameters - 1  # how common the only one is is no number to fit

    def about(self, features, offsets):
        return OfFeatures(self.mixture.about(features, offsets))

    def rewards(self, context):
        return np.tile(self.mixture.prototypes(), (1 if context is None else context.raters, 1))

    def chances(self, context, asked):
        return self.mixture.chances_at(np.ones((asked.raters, 1)), asked)


def scores(pairs: np.ndarray, offsets: np.ndarray, prior_sd: float) -> np.ndarray:
    """Exact Bradley–Terry scores ``[items]`` of pairs ``[pairs, 2]``, the preferred item first."""
    items = int(offsets[-1])
    low, high = pairs.min(1), pairs.max(1)
    cell, inverse = np.unique(low.astype(np.int64) * items + high, return_inverse=True)
    ahead = np.bincount(inverse, weights=pairs[:, 0] == low, minlength=len(cell))
    total = np.bincount(inverse, minlength=len(cell))
    counts = PairCounts(cell // items, cell % items, ahead, total - ahead)
    return bradley_terry(counts, offsets, prior_sd)


def fit(key, comparisons: Comparisons, config: ModelsConfig, on_chunk=None) -> tuple[Model, dict]:
    """The exact optimum, to which nothing is random, or a trained network and its curves."""
    if not comparisons.named:
        one = replace(config, prototypes=1)
        mixture, curves = prototypes.fit(key, comparisons, one, on_chunk)
        return OfFeatures(mixture), curves
    reward = scores(comparisons.flat(), comparisons.offsets, config.prior_sd)
    return OneForAll(reward, comparisons.items - len(comparisons.offsets) + 1), {}
