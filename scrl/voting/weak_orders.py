"""Places from scores: weak orders in which near scores are tied."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from scrl.voting.contest import MAX_ALL_PAIRS, TIE_TOLERANCE

#: Scores × candidates whose pairs are compared at once.
MAX_PAIR_CELLS = 2_000_000


def weak_order(
    scores: ArrayLike,
    candidate_mask: np.ndarray | None = None,
    tolerance: ArrayLike = TIE_TOLERANCE,
) -> np.ndarray:
    """Places ``[..., candidates]``: how many candidates score strictly higher.

    Scores within ``tolerance`` ``[...]`` are tied. Ties chain (a tied with b and b with c ties a
    with c), so that the result is an order. Masked candidates come last.
    """
    values = np.asarray(scores)
    if values.dtype.kind != "i" or candidate_mask is not None:
        values = values.astype(float, copy=False)
    if candidate_mask is not None:
        values = np.where(candidate_mask, values, -np.inf)
    m = values.shape[-1]
    if m <= MAX_ALL_PAIRS and m * values.size <= MAX_PAIR_CELLS:
        place = _weak_order_by_pairs(values, tolerance)
        if place is not None:
            return place
    best = np.argsort(-values, axis=-1, kind="stable")
    descending = np.take_along_axis(values, best, axis=-1)
    with np.errstate(invalid="ignore"):  # between two padded candidates: -inf - -inf
        drops = descending[..., :-1] - descending[..., 1:] > np.asarray(tolerance)[..., None]
    ahead = np.zeros(values.shape, int)
    ahead[..., 1:] = np.maximum.accumulate(drops * np.arange(1, m), axis=-1)
    place = np.empty(values.shape, int)
    np.put_along_axis(place, best, ahead, axis=-1)
    return place


def _weak_order_by_pairs(values: np.ndarray, tolerance: ArrayLike) -> np.ndarray | None:
    """``weak_order`` for few candidates by comparing all pairs, several times faster than a sort;
    None where scores differ by so little that ties might chain."""
    m = values.shape[-1]
    columns = np.ascontiguousarray(values.reshape(-1, m).T)
    ahead = columns > columns[:, None]
    clear = 2 * np.broadcast_to(tolerance, values.shape[:-1]).reshape(-1)
    clearly_ahead = columns > columns[:, None] + clear
    if values.dtype.kind == "f" and (ahead != clearly_ahead).any():
        return None
    place = np.add.reduce(ahead.view(np.uint8), axis=1, dtype=np.uint8)
    return place.T.astype(int, order="C").reshape(values.shape)


def place_scores(place: np.ndarray, candidate_mask: np.ndarray) -> np.ndarray:
    """m - 1 - place, ties averaged: the scores of a rule without natural scores."""
    # MAX_CANDIDATES fits int16.
    behind = weak_order(np.where(candidate_mask, place, -1).astype(np.int16))
    return (candidate_mask.sum(-1, keepdims=True) - 1 - place + behind) / 2
