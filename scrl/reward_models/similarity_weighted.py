"""Bradley–Terry on all raters' pairs, in which copies of an item together weigh as much as one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.choice_models.similarity_weights import cosine_similarity, similarity_weights
from scrl.config import ModelsConfig
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.pooled import PooledTable
from scrl.reward_models.protocols import OnChunk
from scrl.types import InputError


@dataclass(frozen=True, eq=False)
class SimilarityConfig:
    """Settings of similarity weights.

    Attributes:
        similarity: of the items, 1 on the diagonal ``[items, items]``; None for the cosines of
            their features, by which items known by name only are all different. Only those of one
            prompt are read.
        least: similarities below this count as none.
    """

    similarity: np.ndarray | None = None
    least: float = 0.5


def item_weights(comparisons: Comparisons, settings: SimilarityConfig | None = None) -> np.ndarray:
    """The weight of each item among those of its prompt ``[items]``.

    Raises:
        InputError: if the similarities are not those of the items.
    """
    settings = settings or SimilarityConfig()
    items = comparisons.items
    if settings.similarity is None:
        similarity = cosine_similarity(comparisons.features.astype(np.float64))
    else:
        similarity = np.asarray(settings.similarity, float)
    if similarity.shape != (items, items):
        raise InputError(
            f"Similarities are a table of {items} × {items} numbers here, one row an item; these "
            f"have the shape {similarity.shape}."
        )
    return np.concatenate([
        similarity_weights(similarity[a:b, a:b], settings.least)
        for a, b in pairwise(comparisons.offsets)
    ])  # fmt: skip


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    settings: SimilarityConfig | None = None,
) -> tuple[PooledTable, dict[str, np.ndarray]]:
    """Fit the rewards of the items exactly, without curves.

    Every compared pair of items counts equally before it is weighted, however often it was asked:
    copies would otherwise gain weight by being asked about.

    Args:
        key: not used.
        comparisons: the training pairs.
        config: gives the standard deviation of the prior.
        on_chunk: not called.
        settings: the similarities.

    Raises:
        InputError: as ``item_weights``.
    """
    weight = item_weights(comparisons, settings)
    better, worse = comparisons.flat_pairs().T
    rewards = []
    for start, stop in pairwise(comparisons.offsets):
        inside = (better >= start) & (better < stop)
        wins = np.zeros((stop - start, stop - start))
        np.add.at(wins, (better[inside] - start, worse[inside] - start), 1.0)
        met = wins + wins.T
        own = weight[start:stop]
        share = np.where(met > 0, wins / np.maximum(met, 1.0), 0.0) * own[:, None] * own
        # As much evidence in all as there are answers, so that the prior weighs what it did.
        size = share.sum()
        share *= inside.sum() / size if size > 0 else 1.0
        rewards.append(fit_bradley_terry(share, config.prior_sd))
    parameters = comparisons.items - len(comparisons.offsets) + 1
    return PooledTable(np.concatenate(rewards), parameters), {}
