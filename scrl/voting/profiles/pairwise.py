"""Head-to-head counts of ballots in NumPy, and the sets of candidates that they name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Victory:
    """Candidate ``a`` beats ``b`` by ``margin``, a share of the voters; ``state`` and ``reason``
    tell a figure how to draw it."""

    a: int
    b: int
    margin: float
    state: str = "counted"
    reason: str = ""


@dataclass(frozen=True)
class MarginGraph:
    """The victories of a profile, as figures of graphs read them."""

    edges: tuple[Victory, ...]


def margin_graph(margin: np.ndarray) -> MarginGraph:
    """The victories in margins ``[candidates, candidates]``, shares of the voters."""
    pairs = np.argwhere(margin > 1e-9)
    return MarginGraph(tuple(Victory(int(a), int(b), float(margin[a, b])) for a, b in pairs))


def pairwise_counts(place: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weight of the ballots that rank both and put a above b ``[candidates, candidates]``.

    Args:
        place: ``[ballots, candidates]``, -1 where left out.
        weight: ``[ballots]``.
    """
    m = place.shape[1]
    ranked = place >= 0
    count = np.zeros((m, m))
    for a in range(m):
        above = (place[:, a, None] < place) & ranked[:, a, None] & ranked
        count[a] = weight @ above
    return count


def dominant_set(unbeaten: np.ndarray) -> np.ndarray:
    """The smallest set whose members all beat every other candidate ``[..., candidates]``.

    Its members are those from whom every candidate is reached by steps from a candidate to one who
    does not beat it.

    Args:
        unbeaten: whether b does not beat a ``[..., a, b]``.
    """
    reaches = np.array(unbeaten, bool)
    for c in range(reaches.shape[-1]):
        reaches |= reaches[..., :, c, None] & reaches[..., None, c, :]
    return np.asarray(reaches.all(-1))
