"""Kinds of simulated voters: clusters of the density's atoms by their rewards.

Components of the density are too coarse for the predictive check: one of them may hold raters who
answer differently because they prefer differently.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from scrl.diagnostics.clusters import evenly_spaced
from scrl.diagnostics.response_rates import KindEvidence
from scrl.raters.density import Density
from scrl.raters.latent_space import centred
from scrl.raters.rater_model import RaterModel
from scrl.types import Ratings

#: Number of kinds, at most, and the atoms of one that are read where raters of a type vary.
MAX_KINDS, READ_ATOMS = 16, 32


@threadpool_limits.wrap(limits=1)  # threads slow down matrices this small
def atom_kinds(individual: RaterModel, density: Density, rng: np.random.Generator) -> np.ndarray:
    """The kind of each atom ``[components · draws]``, by k-means of rewards within prompts.

    Args:
        individual, density: the results of steps 1 and 2.
        rng: consumed.
    """
    from sklearn.cluster import KMeans  # takes a second to load

    latents = density.atoms.reshape(-1, density.atoms.shape[-1])
    rewards = centred(individual.rewards(latents), individual.catalogue)
    share, state = np.ravel(density.share), int(rng.integers(2**31))
    kinds = min(MAX_KINDS, len(np.unique(rewards[share > 0], axis=0)))
    means = KMeans(kinds, n_init=1, random_state=state).fit(rewards, sample_weight=share)
    return means.labels_.astype(np.int64)


def kind_evidence(
    individual: RaterModel, density: Density, ratings: Ratings, kind: np.ndarray
) -> KindEvidence:
    """What the raters' ballots say of their kinds.

    Args:
        individual, density: the results of steps 1 and 2.
        ratings: with absent completions resolved.
        kind: of each atom ``[atoms]``.
    """
    latents, share = density.atoms.reshape(-1, density.atoms.shape[-1]), np.ravel(density.share)
    if individual.varies:
        members = [np.flatnonzero(kind == k) for k in range(kind.max() + 1)]
        read = np.concatenate([own[evenly_spaced(len(own), READ_ATOMS)] for own in members])
        latents, share, kind = latents[read], share[read], kind[read]
    table, nats = individual.log_likelihood(ratings, latents)
    share = np.maximum(share, 1e-300)
    by_kind = [
        logsumexp(nats[:, kind == k].astype(float), axis=1, b=share[kind == k] / total)
        for k, total in enumerate(np.bincount(kind, share))
    ]
    present, rater = np.unique(table.row, return_index=True)
    return KindEvidence(rater[present >= 0], table.mass, np.stack(by_kind, axis=1))
