"""Ballots that rank a few completions and tie all others of the prompt last.

Their pairs follow the square of the prompt, and nearly all of them are ties. With h the completions
before the last place, of weight w a ballot, the pairs with a completion of the last place add

    Σ w (h (1 − h)ᵀ + ½ (1 − h)(1 − h)ᵀ) = ½ (Σ w + s 1ᵀ − 1 sᵀ − C),  s = Σ w h, C = Σ w h hᵀ

to the table of wins: one product of sparse matrices, whatever the number of completions tied last.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from scrl.types import Ratings

#: Completions tied last from which they are counted by this formula.
MIN_TAIL = 64


def is_last(ratings: Ratings) -> np.ndarray:
    """Which entries stand in the last place of their ballot ``[entries]``."""
    worst = np.zeros(ratings.ballots, np.int32)
    np.maximum.at(worst, ratings.entry_ballot, ratings.rank)
    return ratings.rank == worst[ratings.entry_ballot]


def has_long_tail(ratings: Ratings) -> np.ndarray:
    """Which ballots tie ``MIN_TAIL`` completions last, and half of all their prompt's or more
    ``[ballots]``."""
    offered = np.diff(ratings.catalogue.offsets)[ratings.ballot_prompt]
    complete = (ratings.sizes == offered) & (offered >= MIN_TAIL)
    if not complete.any():
        return complete
    last = np.bincount(ratings.entry_ballot[is_last(ratings)], minlength=ratings.ballots)
    return complete & (last >= np.maximum(MIN_TAIL, (offered + 1) // 2))


def tail_wins(ratings: Ratings, first: int, items: int) -> np.ndarray:
    """The weight with which a was preferred to b, ties half, in pairs with a completion of the last
    place ``[items, items]``.

    Args:
        ratings: complete ballots on one prompt.
        first: the first item of the prompt; items: how many it has.
    """
    head = np.flatnonzero(~is_last(ratings))
    at = ratings.entry_ballot[head], ratings.item[head] - first
    ranked = csr_matrix((np.ones(len(head)), at), shape=(ratings.ballots, items))
    # Rounding errors of weights would make pairs of those that nobody compared.
    compared = _tail_pairs(ranked, np.ones(ratings.ballots)) > 0
    return np.where(compared, np.maximum(_tail_pairs(ranked, ratings.ballot_weight), 0.0), 0.0)


def _tail_pairs(ranked: csr_matrix, weight: np.ndarray) -> np.ndarray:
    """The formula of this module ``[items, items]``.

    Args:
        ranked: which completions stand before the last place, sparse ``[ballots, items]``.
        weight: of each ballot ``[ballots]``.
    """
    together = (ranked.T @ ranked.multiply(weight[:, None]).tocsr()).toarray()
    score = weight @ ranked
    found = 0.5 * (weight.sum() + score[:, None] - score - together)
    np.fill_diagonal(found, 0.0)
    return found
