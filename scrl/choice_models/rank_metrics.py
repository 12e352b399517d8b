"""Rank agreement between orders, and the welfare of an outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Num
from numpy.typing import ArrayLike


def order_places(order: list[list[str]], names: list[str]) -> np.ndarray:
    """The place of each name in an order: the number of names strictly ahead of it ``[names]``."""
    place = {name: sum(map(len, order[:i])) for i, tied in enumerate(order) for name in tied}
    return np.array([place[name] for name in names])


def kendall_tau(
    place: Num[np.ndarray, " candidates"], other: Num[np.ndarray, " candidates"]
) -> float:
    """Kendall's τ-b of two weak orders (Kendall 1945).

    1 for the same order, -1 for its reverse; pairs tied in either order count 0. If every pair is
    tied, τ-b is undefined; the result is 1 if that holds for both orders, else 0.

    Args:
        place, other: places of the candidates ``[candidates]``.
    """
    a, b = _pair_signs(place), _pair_signs(other)
    if not a.any() or not b.any():
        return float(a.any() == b.any())
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _pair_signs(place: ArrayLike) -> np.ndarray:
    """Sign of the difference of places of each pair ``[pairs]``."""
    places = np.asarray(place)
    return np.sign(places[:, None] - places[None, :])[np.triu_indices(len(places), 1)]


def reversed_pairs(place: np.ndarray, values: np.ndarray) -> int:
    """Number of strict pairs of an order that values (higher better) reverse or tie.

    A network's rewards are never tied, so it agrees with a rule if this is 0.
    """
    place, values = np.asarray(place), np.asarray(values)
    ahead = place[:, None] < place[None, :]
    return int((ahead & (values[:, None] <= values[None, :])).sum())


def strictly_reversed(place: np.ndarray, other: np.ndarray) -> int:
    """Number of pairs that two orders rank strictly in opposite ways."""
    return int((_pair_signs(place) * _pair_signs(other) < 0).sum())


def matching_places(order: list[list[str]], truth: list[list[str]]) -> int:
    """Number of completions with the same place as in ``truth``, ties included."""
    names = [name for tied in truth for name in tied]
    return int((order_places(order, names) == order_places(truth, names)).sum())


def welfare(
    utility: Num[np.ndarray, "types candidates"],
    share: Num[np.ndarray, " types"],
    chosen: Num[np.ndarray, " candidates"],
) -> dict[str, Any]:
    """The expected utility of an outcome, overall and by type.

    Args:
        utility: ``[types, candidates]``.
        share: of the types ``[types]``.
        chosen: probability of each candidate ``[candidates]``, split between tied winners.

    Returns:
        ``mean`` (in the units of utility), ``by_type`` ``[types]``, and ``best``, the greatest mean
        that a candidate gives.
    """
    by_type = utility @ chosen
    share = np.asarray(share) / np.sum(share)
    return {
        "mean": float(share @ by_type),
        "by_type": by_type,
        "best": float((share @ utility).max()),
    }


def pair_accuracy(
    values: Num[np.ndarray, "*fits candidates"],
    truth: Num[np.ndarray, " candidates"],
    tie_tolerance: float = 1e-9,
) -> Float[np.ndarray, "*fits"]:
    """Share of the strict pairs of the truth that values order correctly ``[...]``.

    A pair of values tied within 1e-9 counts half.

    Args:
        values: ``[..., candidates]``, higher better.
        truth: ``[candidates]``, higher better.
        tie_tolerance: difference up to which the truth ties a pair.

    Returns:
        NaN if the truth ties every pair.
    """
    i, j = np.triu_indices(len(truth), 1)
    wanted = truth[i] - truth[j]
    strict = np.abs(wanted) > tie_tolerance
    if not strict.any():
        return np.full(values.shape[:-1], np.nan)
    i, j, wanted = i[strict], j[strict], np.sign(wanted[strict])
    gap = values[..., i] - values[..., j]
    return (0.5 + 0.5 * wanted * np.where(np.abs(gap) > 1e-9, np.sign(gap), 0.0)).mean(-1)
