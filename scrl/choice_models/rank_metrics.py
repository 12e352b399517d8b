"""How far two orders agree, and what an outcome is worth to whom."""

from __future__ import annotations

import numpy as np


def order_places(order: list[list[str]], names: list[str]) -> np.ndarray:
    """The place of each name in an order, how many stand strictly ahead ``[names]``."""
    at = {name: sum(map(len, order[:i])) for i, tied in enumerate(order) for name in tied}
    return np.array([at[name] for name in names])


def kendall_tau(place: np.ndarray, other: np.ndarray) -> float:
    """Kendall's τ-b of two weak orders, ``[candidates]`` places each (Kendall 1945).

    1 for the same order, -1 for its reverse; pairs tied in either count for neither. Two orders
    that tie everything agree wholly (1); one that does says nothing of the other (0).
    """
    a, b = _signs(place), _signs(other)
    if not a.any() or not b.any():
        return float(a.any() == b.any())
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _signs(place) -> np.ndarray:
    place = np.asarray(place)
    return np.sign(place[:, None] - place[None, :])[np.triu_indices(len(place), 1)]


def reversed_pairs(place: np.ndarray, values: np.ndarray) -> int:
    """How many strict pairs of an order ``values`` (higher better) do not put the same way.

    A network never ties, so it agrees with a rule where this is 0.
    """
    place, values = np.asarray(place), np.asarray(values)
    ahead = place[:, None] < place[None, :]
    return int((ahead & (values[:, None] <= values[None, :])).sum())


def strictly_reversed(place: np.ndarray, other: np.ndarray) -> int:
    """How many strict pairs of one order another puts strictly the other way round."""
    return int((_signs(place) * _signs(other) < 0).sum())


def matching_places(order: list[list[str]], truth: list[list[str]]) -> int:
    """How many completions stand at the same place, ties included, as in ``truth``."""
    names = [name for tied in truth for name in tied]
    return int((order_places(order, names) == order_places(truth, names)).sum())


def welfare(utility: np.ndarray, share: np.ndarray, chosen: np.ndarray) -> dict:
    """What an outcome is worth, to all and to each type.

    Args:
        utility: of the types ``[types, candidates]``; share: of the types ``[types]``.
        chosen: probability of each candidate ``[candidates]`` (a tied winner's is split).

    Returns:
        ``mean`` (in the units of utility), ``by_type`` ``[types]``, and ``best``, the mean that
        the best candidate would give.
    """
    by_type = utility @ chosen
    share = np.asarray(share) / np.sum(share)
    return {
        "mean": float(share @ by_type),
        "by_type": by_type,
        "best": float((share @ utility).max()),
    }


def pair_accuracy(values: np.ndarray, truth: np.ndarray, tie_tolerance: float = 1e-9) -> np.ndarray:
    """Share of the pairs that ``truth [candidates]`` puts in order which ``values [...,
    candidates]`` (higher better) puts the same way, a tie within 1e-9 counting half; NaN where the
    truth ties all of them, within ``even``."""
    i, j = np.triu_indices(len(truth), 1)
    wanted = truth[i] - truth[j]
    strict = np.abs(wanted) > tie_tolerance
    if not strict.any():
        return np.full(values.shape[:-1], np.nan)
    i, j, wanted = i[strict], j[strict], np.sign(wanted[strict])
    gap = values[..., i] - values[..., j]
    return (0.5 + 0.5 * wanted * np.where(np.abs(gap) > 1e-9, np.sign(gap), 0.0)).mean(-1)
