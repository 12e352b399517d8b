"""Missing blocks: items of a prompt that a whole cluster of raters never ranked.

Completions hidden at random do not test the imputation of a missing block, since other raters of
the same cluster ranked them. A *trial block* does: the ballots of another cluster on the same items
are hidden and predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components

from scrl.raters.density import Density
from scrl.raters.model import Individual
from scrl.raters.network import Embedding
from scrl.types import Catalogue, Ratings

#: Limit of the raters of a cluster whose likelihood is computed.
MAX_RATERS_PER_CLUSTER = 64
#: Greatest loss in nats per rater at which one component counts as explaining another's ballots.
MERGE_THRESHOLD = 0.25


@dataclass(frozen=True, eq=False)
class MissingBlock:
    """Items of one prompt that a cluster of raters never ranked.

    Attributes:
        cluster, prompt: their indices.
        items: bool ``[items]``.
    """

    cluster: int
    prompt: int
    items: np.ndarray


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of raters, and the items that each ranked.

    Attributes:
        of_component: the cluster of each component of the density ``[components]``.
        of_rater: of each rater ``[raters]``, -1 for raters that were not embedded.
        response_rate: share of each cluster's raters who ranked an item ``[clusters, items]``.
    """

    of_component: np.ndarray
    of_rater: np.ndarray
    response_rate: np.ndarray


def find_clusters(
    individual: Individual, ratings: Ratings, embedding: Embedding, density: Density
) -> Clusters:
    """Cluster raters by the components of the density, equivalent components merged."""
    component = density.component_of(embedding.posterior.mean)
    of_component = merge_components(individual, ratings, embedding, component, density)
    of_rater = np.full(len(ratings.raters), -1)
    of_rater[embedding.raters] = of_component[component]
    return Clusters(of_component, of_rater, response_rate(ratings, of_rater))


def merge_components(
    individual: Individual,
    ratings: Ratings,
    embedding: Embedding,
    component: np.ndarray,
    density: Density,
) -> np.ndarray:
    """The cluster of each component of a density ``[components]``.

    Components differ by which items raters ranked as well as by preference. Two components form one
    cluster where the centroid of one explains the other's ballots as well as its own centroid.

    Args:
        component: of each embedded rater ``[embedded]``.
    """
    present = np.unique(component)
    mean = embedding.posterior.mean
    centroid = np.stack([mean[component == k].mean(axis=0) for k in present])
    excess = np.zeros((len(present), len(present)))
    for row, k in enumerate(present):
        sample = embedding.raters[component == k]
        sample = sample[:: max(1, -(-len(sample) // MAX_RATERS_PER_CLUSTER))]
        ballots = individual.distinct_ballots(
            ratings.select(np.isin(ratings.ballot_rater, sample)), MAX_RATERS_PER_CLUSTER
        )
        count, nats = individual.log_likelihood(ballots, centroid)
        mean_nats = count @ nats / count.sum()
        excess[row] = mean_nats[row] - mean_nats
    _, cluster = connected_components(excess < MERGE_THRESHOLD, directed=False)
    # A component to which no rater is assigned joins the nearest one.
    nearest = np.linalg.norm(density.mean[:, None] - centroid, axis=-1).argmin(axis=1)
    nearest[present] = np.arange(len(present))
    return cluster[nearest]


def response_rate(
    ratings: Ratings, cluster: Int[np.ndarray, " raters"]
) -> Float[np.ndarray, "clusters items"]:
    """Share of each cluster's raters whose ballots rank each item ``[clusters, items]``.

    Args:
        cluster: of each rater ``[raters]``, -1 for excluded raters.
    """
    rater = ratings.ballot_rater[ratings.entry_ballot]
    ranked = np.unique(np.stack([rater, ratings.item])[:, cluster[rater] >= 0], axis=1)
    count = np.zeros((cluster.max() + 1, ratings.catalogue.items))
    np.add.at(count, (cluster[ranked[0]], ranked[1]), 1.0)
    return count / np.maximum(np.bincount(cluster[cluster >= 0]), 1)[:, None]


def find_missing_blocks(
    missing: Bool[np.ndarray, "clusters items"], catalogue: Catalogue
) -> list[MissingBlock]:
    """The missing blocks of each cluster and prompt.

    Items that no cluster ranked are excluded, and so are clusters that ranked nothing.

    Args:
        missing: whether a cluster never ranked an item, bool ``[clusters, items]``.
    """
    found = []
    ranked_by_any = ~missing.all(axis=0)
    for cluster in np.flatnonzero(~missing.all(axis=1)):
        for prompt in range(len(catalogue.prompts)):
            items = missing[cluster] & ranked_by_any & (catalogue.item_prompt == prompt)
            if items.any():
                found.append(MissingBlock(int(cluster), prompt, items))
    return found


def trial_blocks(
    blocks: Sequence[MissingBlock], missing: Bool[np.ndarray, "clusters items"], max_trials: int
) -> list[MissingBlock]:
    """Trial blocks: the missing blocks' items in clusters that ranked them.

    Args:
        blocks: the missing blocks, from which trials are taken in turn.
        missing: whether a cluster never ranked an item, bool ``[clusters, items]``.
        max_trials: limit of the number of trial blocks.
    """
    queues = []
    for block in blocks:
        ranked_by = np.flatnonzero(~missing[:, block.items].any(axis=1))
        # A cluster that ranked nothing else would have no ballots left.
        testable = [k for k in ranked_by if (~missing[k] & ~block.items).any()]
        queues.append([MissingBlock(int(k), block.prompt, block.items) for k in testable])
    taken: list[MissingBlock] = []
    for i in range(max(map(len, queues), default=0)):
        for queue in queues:
            if i >= len(queue) or len(taken) >= max_trials:
                continue
            new = queue[i]
            if not any(t.cluster == new.cluster and (t.items == new.items).all() for t in taken):
                taken.append(new)
    return taken
