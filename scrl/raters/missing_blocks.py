"""Missing blocks: items of a prompt that a whole cluster of raters never ranked.

Completions hidden at random do not test the imputation of a missing block, since other raters of
the same cluster ranked them. A *trial block* does: the ballots of another cluster on the same items
are hidden and predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from scrl.data.weights import rater_weights
from scrl.types import Catalogue, Ratings

#: Probability that any cluster of randomly responding raters is called silent (Bonferroni), once on
#: prompts and once on items.
SILENCE_LEVEL = 1e-3


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


def response_rate(
    ratings: Ratings, cluster: Int[np.ndarray, " raters"], clusters: int | None = None
) -> Float[np.ndarray, "clusters items"]:
    """Share of each cluster's raters, by weight, whose ballots rank each item
    ``[clusters, items]``.

    Args:
        cluster: of each rater ``[raters]``, -1 for excluded raters.
        clusters: how many there are; by default up to the last that has a rater.
    """
    weight = rater_weights(ratings)
    weight /= weight.min()
    items, clusters = ratings.catalogue.items, _number_of(cluster, clusters)
    ranked, _ = _responses(ratings, cluster, clusters, ratings.item, items, weight)
    total = np.bincount(cluster[cluster >= 0], weight[cluster >= 0], clusters)
    return ranked / np.maximum(total, 1)[:, None]


def _number_of(cluster: np.ndarray, clusters: int | None) -> int:
    return int(cluster.max()) + 1 if clusters is None else clusters


def _responses(
    ratings: Ratings,
    cluster: np.ndarray,
    clusters: int,
    target: np.ndarray,
    targets: int,
    weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The weight and the number of each cluster's raters with an entry of each target.

    Args:
        cluster: of each rater ``[raters]``, -1 for excluded raters.
        clusters: how many there are.
        target: of each entry, an item or a prompt ``[entries]``.
        targets: how many there are.
        weight: of each rater ``[raters]``.

    Returns:
        Two arrays ``[clusters, targets]``.
    """
    rater = ratings.ballot_rater[ratings.entry_ballot]
    key = rater.astype(np.int64) * targets + target
    rater, target = np.divmod(np.unique(key[cluster[rater] >= 0]), targets)
    shape = (clusters, targets)
    cell = cluster[rater] * targets + target
    total = np.bincount(cell, weight[rater], shape[0] * targets)
    return total.reshape(shape), np.bincount(cell, minlength=len(total)).reshape(shape)


def missing_items(
    ratings: Ratings,
    cluster: Int[np.ndarray, " raters"],
    min_response_rate: float,
    clusters: int | None = None,
) -> Bool[np.ndarray, "clusters items"]:
    """Whether each cluster is silent on an item, or the item was never ranked.

    A cluster is silent on a prompt that few of its raters answered, and on an item that few of
    those who answered its prompt ranked. Few are a share below ``min_response_rate`` of the share
    in the cluster where it is highest, and so few that raters chosen at random would hardly ever
    be so few (see ``SILENCE_LEVEL``).

    Args:
        ratings: the ballots.
        cluster: of each rater ``[raters]``, -1 for excluded raters.
        min_response_rate: relative to the cluster with the highest.
        clusters: how many there are; by default up to the last that has a rater.
    """
    catalogue, weight = ratings.catalogue, rater_weights(ratings)
    clusters = _number_of(cluster, clusters)
    member = cluster >= 0
    prompt_of = catalogue.item_prompt
    prompts, items = len(catalogue.prompts), catalogue.items
    answered = _responses(ratings, cluster, clusters, prompt_of[ratings.item], prompts, weight)
    ranked = _responses(ratings, cluster, clusters, ratings.item, items, weight)
    everybody = (
        np.bincount(cluster[member], weight[member], clusters)[:, None],
        np.bincount(cluster[member], minlength=clusters)[:, None],
    )
    silent = _is_silent(answered, everybody, min_response_rate)
    rarely = _is_silent(ranked, tuple(a[:, prompt_of] for a in answered), min_response_rate)
    return silent[:, prompt_of] | rarely | (ranked[1].sum(axis=0) == 0)


def _is_silent(
    responses: tuple[np.ndarray, ...], asked: tuple[np.ndarray, ...], min_response_rate: float
) -> np.ndarray:
    """Whether a cluster responded less than others and less than by chance
    ``[clusters, targets]``.

    Args:
        responses: the weight and the number of the raters who responded ``[clusters, targets]``.
        asked: the weight and the number of those who could, same shapes or broadcast.
        min_response_rate: see ``missing_items``.
    """
    from scipy.stats import hypergeom  # takes a second to load

    rate = responses[0] / np.maximum(asked[0], 1e-300)
    rare = rate < min_response_rate * rate.max(axis=0)
    number = np.broadcast_to(asked[1], rate.shape)
    # The probability of as few responses if these were a random sample of all responses.
    chance = hypergeom.cdf(
        responses[1], number.sum(axis=0), responses[1].sum(axis=0), number
    )  # fmt: skip
    return rare & (chance < SILENCE_LEVEL / rate.size)


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


def informative_ballots(ratings: Ratings, hidden: np.ndarray) -> np.ndarray:
    """Whether a ballot has a strict pair with a hidden side, bool ``[ballots]``.

    Args:
        hidden: whether an entry is hidden, bool ``[entries]``.
    """
    has_hidden = np.bincount(ratings.entry_ballot[hidden], minlength=ratings.ballots) > 0
    low, high = np.full(ratings.ballots, np.iinfo(np.int32).max), np.full(ratings.ballots, -1)
    np.minimum.at(low, ratings.entry_ballot, ratings.rank)
    np.maximum.at(high, ratings.entry_ballot, ratings.rank)
    return has_hidden & (low < high)


def block_entries(
    ratings: Ratings, cluster: Int[np.ndarray, " raters"], block: MissingBlock
) -> Bool[np.ndarray, " entries"]:
    """Whether each entry is of the block's items by a rater of its cluster, bool ``[entries]``.

    Args:
        cluster: of each rater ``[raters]``.
    """
    member = cluster == block.cluster
    return member[ratings.ballot_rater[ratings.entry_ballot]] & block.items[ratings.item]


def trial_blocks(
    blocks: Sequence[MissingBlock],
    missing: Bool[np.ndarray, "clusters items"],
    max_trials: int,
    is_testable: Callable[[MissingBlock], bool] = lambda block: True,
) -> list[MissingBlock]:
    """Trial blocks: the missing blocks' items in clusters that ranked them.

    Args:
        blocks: the missing blocks, from which trials are taken in turn.
        missing: whether a cluster never ranked an item, bool ``[clusters, items]``.
        max_trials: limit of the number of trial blocks.
        is_testable: whether there is something to predict in a block.
    """
    queues = []
    for block in blocks:
        ranked_by = np.flatnonzero(~missing[:, block.items].any(axis=1))
        # A cluster that ranked nothing else would have no ballots left.
        testable = [k for k in ranked_by if (~missing[k] & ~block.items).any()]
        trials = [MissingBlock(int(k), block.prompt, block.items) for k in testable]
        queues.append([trial for trial in trials if is_testable(trial)])
    taken: list[MissingBlock] = []
    for i in range(max(map(len, queues), default=0)):
        for queue in queues:
            if i >= len(queue) or len(taken) >= max_trials:
                continue
            new = queue[i]
            if not any(t.cluster == new.cluster and (t.items == new.items).all() for t in taken):
                taken.append(new)
    return taken
