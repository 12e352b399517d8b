"""Outputs ranked beside a reference, on which a reward of likeness is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.references.style_policies import draw_choices


@dataclass(frozen=True, eq=False)
class RankedOutputs:
    """One reference and one ranking of each person.

    Attributes:
        pools: features of what the person wrote the reference from ``[people, outputs, features]``.
        reference: its index in the pool ``[people]``.
        ranked: features of the ranked outputs, best first ``[people, ranked, features]``.
    """

    pools: np.ndarray
    reference: np.ndarray
    ranked: np.ndarray

    def pairs(self, people: slice = slice(None)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Reference, better and worse output of each ranked pair ``[pairs, features]``."""
        rows = np.arange(len(self.pools))
        reference, ranked = self.pools[rows, self.reference][people], self.ranked[people]
        high, low = np.triu_indices(ranked.shape[1], 1)
        size = ranked.shape[2]
        return (
            np.repeat(reference, len(high), axis=0),
            ranked[:, high].reshape(-1, size),
            ranked[:, low].reshape(-1, size),
        )


def draw_ranked(
    tastes: np.ndarray,
    outputs: int,
    rng: np.random.Generator,
    mattering: int | None = None,
    ranked: int = 3,
) -> RankedOutputs:
    """Draw a reference of each person's policy and a ranking by Plackett–Luce.

    Args:
        tastes: of the people ``[people, features]``; references follow the whole taste.
        outputs: number of outputs from which a reference is written.
        rng: consumed.
        mattering: how many features, from the first, a person judges by; all by default.
        ranked: number of outputs that a person ranks, with standard normal features.
    """
    people, features = tastes.shape
    pools = rng.standard_normal((people, outputs, features))
    index = draw_choices(np.einsum("nf,nmf->nm", tastes, pools), rng)[:, 0]
    shown = rng.standard_normal((people, ranked, features))
    utility = np.einsum("nf,nmf->nm", tastes[:, :mattering], shown[..., :mattering])
    order = np.argsort(-utility - rng.gumbel(size=utility.shape), axis=1)
    return RankedOutputs(pools, index, np.take_along_axis(shown, order[..., None], axis=1))
