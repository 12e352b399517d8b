"""Softmax policies over the style of outputs, and triples drawn from them.

A prompt offers a pool of outputs with features x. The policy of a taste w writes each with
probability π_w(y) = exp(w · x_y) / Σ_z exp(w · x_z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Triples:
    """A reference, an output of the same policy and one of another, each triple on its own prompt.

    Attributes:
        pools: features of what the prompts offer ``[triples, outputs, features]``.
        references: indices of the references in the pool ``[triples, references]``.
        winner: of the output of the references' policy ``[triples]``; loser: of another's.
        policy: of the references and the winner ``[triples]``; other: of the loser.
    """

    pools: np.ndarray
    references: np.ndarray
    winner: np.ndarray
    loser: np.ndarray
    policy: np.ndarray
    other: np.ndarray

    def features(self, index: np.ndarray) -> np.ndarray:
        """Features of outputs ``[triples, ..., features]`` for indices ``[triples, ...]``."""
        rows = np.arange(len(self.pools)).reshape(-1, *[1] * (index.ndim - 1))
        return self.pools[rows, index]


def log_policies(tastes: np.ndarray, pools: np.ndarray) -> np.ndarray:
    """Log probabilities of outputs under each taste ``[..., tastes, outputs]``.

    Args:
        tastes: ``[tastes, features]``.
        pools: features ``[..., outputs, features]``.
    """
    logit = np.einsum("kf,...mf->...km", tastes, pools)
    top = logit.max(axis=-1, keepdims=True)
    return logit - top - np.log(np.exp(logit - top).sum(axis=-1, keepdims=True))


def draw_choices(logit: np.ndarray, rng: np.random.Generator, draws: int = 1) -> np.ndarray:
    """Independent draws ``[..., draws]`` from softmax policies ``[..., outputs]``."""
    top = logit.max(axis=-1, keepdims=True)
    chance = np.cumsum(np.exp(logit - top), axis=-1)
    level = rng.random((*logit.shape[:-1], draws)) * chance[..., -1:]
    return (level[..., None] > chance[..., None, :]).sum(axis=-1)


def draw_triples(
    tastes: np.ndarray,
    triples: int,
    outputs: int,
    rng: np.random.Generator,
    references: int = 1,
) -> Triples:
    """Draw triples of policies on new prompts, whose outputs have standard normal features.

    Args:
        tastes: of two or more policies ``[policies, features]``; each is as likely as another.
        triples: their number.
        outputs: number of outputs that a prompt offers.
        rng: consumed.
        references: number of references of a triple, independent draws of one policy.

    Raises:
        ValueError: with fewer than two policies.
    """
    count = len(tastes)
    if count < 2:
        raise ValueError("Triples need two policies or more.")
    pools = rng.standard_normal((triples, outputs, tastes.shape[1]))
    policy = rng.integers(count, size=triples)
    other = (policy + rng.integers(1, count, size=triples)) % count
    own = np.einsum("nf,nmf->nm", tastes[policy], pools)
    theirs = np.einsum("nf,nmf->nm", tastes[other], pools)
    drawn = draw_choices(own, rng, references + 1)
    return Triples(
        pools, drawn[:, 1:], drawn[:, 0], draw_choices(theirs, rng)[:, 0], policy, other
    )  # fmt: skip
