"""Whether a likelihood of comparisons has a finite maximum, and what to say if it has none.

It has one if and only if the graph of preferences is strongly connected (Ford 1957; Hunter 2004 for
rankings): however the items are divided in two groups, each group was preferred to the other once.
With a parameter of ties, gaps and that parameter must not be able to grow together, either.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError

#: Names that a message lists before it says how many more there are.
MAX_NAMES = 4
ADVICE = "give a prior_sd (10 is weak), or fit without them"


def is_strongly_connected(beats: np.ndarray) -> np.ndarray:
    """Whether each graph ``[..., items, items]`` of preferences is strongly connected."""
    m = beats.shape[-1]
    reachable = (beats | np.eye(m, dtype=bool)).astype(np.float32)
    for _ in range(max(m - 1, 1).bit_length()):
        reachable = np.minimum(reachable @ reachable, 1.0)
    return reachable.all((-1, -2))


def check_connected(beats: np.ndarray, names: Sequence[Hashable]) -> None:
    """Check that the likelihood of comparisons has a finite maximum.

    Args:
        beats: whether a was ever preferred to b, or tied ``[items, items]``.
        names: of the items ``[items]``.

    Raises:
        InputError: naming the groups that were never compared, or that never lost.
    """
    # Imported here, as most data pass a faster check before.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    graph = csr_array(beats)
    groups, group = connected_components(graph, connection="weak")
    if groups > 1:
        smallest = np.argsort(np.bincount(group), kind="stable")
        listed = " and ".join(_listed(names, group == g) for g in smallest[:2])
        more = f" (and {groups - 2} more groups)" if groups > 2 else ""
        raise InputError(
            f"{listed}{more} are never compared with each other, so their scores have no common "
            "scale: fit each group alone, or give a prior_sd (10 is weak)."
        )
    groups, group = connected_components(graph, connection="strong")
    if groups == 1:
        return
    across = group[:, None] != group
    beaten = np.zeros(groups, bool)
    np.logical_or.at(beaten, group, (beats & across).any(0))
    wins = np.zeros(groups, bool)
    np.logical_or.at(wins, group, (beats & across).any(1))
    size = np.bincount(group)
    ends = [(size[g], g, "won", "−∞") for g in np.flatnonzero(~wins)]
    ends += [(size[g], g, "lost", "+∞") for g in np.flatnonzero(~beaten)]
    _, g, what, limit = min(ends)
    others = "the others" if size[g] < len(names) - 1 else "the other"
    raise InputError(
        f"{_listed(names, group == g)} never {what} or tied against {others}, so the likelihood "
        f"has no maximum ({limit}): {ADVICE}."
    )


def _listed(names: Sequence[Hashable], chosen: np.ndarray) -> str:
    """Names of the chosen items, a few of them."""
    listed = [quoted(names[i]) for i in np.flatnonzero(chosen)]
    if len(listed) <= MAX_NAMES:
        return ", ".join(listed)
    return f"{', '.join(listed[:MAX_NAMES])} and {len(listed) - MAX_NAMES} more"


def ties_are_bounded(wins: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Whether rewards and the parameter of ties cannot grow together without end ``[fits]``.

    They can if rewards exist with a gap of at least 2 along every win and of at most 2 along every
    tie: then the likelihood rises as all of them are stretched. Such rewards exist if and only if
    the graph of these constraints has no negative cycle (Bellman–Ford). Without a tie the parameter
    falls without end.

    Args:
        wins: whether a ever beat b ``[fits, items, items]``.
        tied: whether a and b ever tied, symmetric ``[fits, items, items]``.
    """
    limit = np.where(tied, 2.0, np.inf)
    limit[wins] = -2.0
    distance = np.zeros(wins.shape[:-1])
    for _ in range(wins.shape[-1]):
        shorter = np.minimum(distance, (distance[..., None] + limit).min(-2))
        settled = (shorter == distance).all(-1)
        if settled.all():
            break
        distance = shorter
    return ~settled & tied.any((-1, -2))
