"""Rules that search for a whole order: Kemeny's, exactly, and ranked pairs."""

from __future__ import annotations

from functools import cache

import numpy as np

from scrl.types import InputError
from scrl.voting.profile import TIE_TOLERANCE
from scrl.voting.registry import rule
from scrl.voting.rules.pairwise import CONDORCET_CRITERIA

#: Most candidates in one majority cycle for which Kemeny's order is searched: 2^m sets of them.
MAX_CYCLE = 16
#: Sets × candidates of the contests searched at once.
CELLS = 400_000


@rule(
    "kemeny",
    title="Kemeny",
    family="pairwise",
    reads="pairwise",
    gives="places",
    on_host=True,
    summary="The order that contradicts the ballots' pairs least; its first place wins.",
    reference="Kemeny 1959; exact, by dynamic programming over sets (Betzler et al. 2009, after "
    "Held & Karp 1962); all winners of optimal orders share a place, are taken out, and it runs "
    "again",
    satisfies=CONDORCET_CRITERIA,
    distortion=("unbounded", ""),
    cost="n·m² + 2^m·m within one majority cycle, at most 16 candidates there",
    guaranteed_candidates=MAX_CYCLE,
)
def kemeny(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` from P(a ≻ b) ``[contests, candidates, candidates]``.

    Where everybody of one set beats everybody of another, every optimal order puts the first set
    ahead (Truchon 1998), so only candidates tangled in one cycle of majorities are searched.

    Raises:
        InputError: where more than ``MAX_CYCLE`` candidates are tangled.
    """
    block = _blocks(above)
    place = np.zeros(above.shape[:2], int)
    # Each block is a small contest of its own, and all blocks of a size are solved together.
    contest, size = np.arange(len(above))[:, None], np.zeros_like(block)
    np.add.at(size, (contest, block), 1)
    ahead = np.cumsum(size, axis=1) - size
    if size.max(initial=0) > MAX_CYCLE:
        raise InputError(
            f"Kemeny's order is exact while at most {MAX_CYCLE} candidates beat each other in a "
            f"cycle, and {size.max():,} do here; leave some out or choose another rule."
        )
    for k in np.unique(size[size > 1]):
        at, number = np.nonzero(size == k)
        who = np.nonzero(block[at] == number[:, None])[1].reshape(len(at), k)
        duels = above[at[:, None, None], who[:, :, None], who[:, None, :]]
        step = max(1, CELLS // (2**k * k))
        within = np.concatenate([_search(duels[i : i + step]) for i in range(0, len(duels), step)])
        place[at[:, None], who] = within
    return place + np.take_along_axis(ahead, block, axis=1)


def _blocks(above: np.ndarray) -> np.ndarray:
    """Which block each candidate is in ``[contests, candidates]``, counted from the best: sets
    connected by majorities or ties, each beating every later one strictly."""
    m = above.shape[-1]
    reach = (above >= 0.5 - TIE_TOLERANCE).astype(np.float32)
    for _ in range(max(1, m - 1).bit_length()):
        reach = (reach @ reach > 0).astype(np.float32)
    ahead = m - reach.sum(-1)  # who reaches fewer is in a later block
    return np.stack([np.unique(row, return_inverse=True)[1].ravel() for row in ahead])


@cache
def _layers(m: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each size, the sets of that size, their members, and the sets without each."""
    sets = np.arange(2**m)
    member = (sets[:, None] >> np.arange(m)) & 1 == 1
    found = []
    for k in range(1, m + 1):
        these = sets[member.sum(1) == k]
        who = np.nonzero(member[these])[1].reshape(len(these), k)
        found.append((these, who, these[:, None] - (1 << who)))
    return found


def _search(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]``: the least disagreement of every set, small ones first."""
    n, m, _ = above.shape
    against = np.swapaxes(above, 1, 2) * (1 - np.eye(m))
    # Disagreement with a before the set, [sets, candidates, contests]: contests run along memory,
    # since every set is looked up for all of them.
    first = np.zeros((2**m, m, n))
    for k in range(m):
        first[2**k : 2 ** (k + 1)] = first[: 2**k] + against[:, :, k].T
    least = np.zeros((2**m, n))
    for these, who, without in _layers(m):
        least[these] = (least[without] + first[these[:, None], who]).min(1)
    place = np.zeros((n, m), int)
    left = np.full(n, 2**m - 1)
    contest, bit = np.arange(n), 1 << np.arange(m)
    while (left > 0).any():
        inside = (left[:, None] & bit) > 0
        rest = np.where(inside, left[:, None] - bit, 0)
        cost = least[rest, contest[:, None]] + first[left[:, None], np.arange(m), contest[:, None]]
        wins = inside & (cost <= least[left, contest][:, None] + TIE_TOLERANCE)
        place = np.where(wins, (m - inside.sum(1))[:, None], place)
        left = left - (wins * bit).sum(1)
    return place


@rule(
    "ranked-pairs",
    title="Ranked pairs",
    family="pairwise",
    reads="pairwise",
    gives="places",
    on_host=True,
    summary="Victories are locked in from the widest down, except those that would close a cycle.",
    reference="Tideman 1987; of victories equally wide, those in a cycle with what is locked and "
    "with each other are all left out, so that names decide nothing; the winners share a place, "
    "are taken out, and it runs again",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", "Θ(√m)"),
    cost="n·m² + m⁴",
    max_candidates=200,
)
def ranked_pairs(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` from P(a ≻ b) ``[contests, candidates, candidates]``."""
    return np.stack([_ranked_pairs(duels - 0.5) for duels in above])


def _ranked_pairs(lead: np.ndarray) -> np.ndarray:
    m = len(lead)
    place, remaining = np.zeros(m, int), list(range(m))
    while remaining:
        reach = locked(lead[np.ix_(remaining, remaining)])
        k = len(remaining)
        beaten = 0
        for row in reach:
            beaten |= row
        ahead = sorted(range(k), key=lambda a: -reach[a].bit_count())
        if all(reach[a].bit_count() == k - 1 - i for i, a in enumerate(ahead)):
            # A whole order: what is left of it when its winner goes is what would be locked again.
            place[[remaining[a] for a in ahead]] = m - k + np.arange(k)
            break
        winners = [a for a in range(k) if not beaten >> a & 1]
        place[[remaining[a] for a in winners]] = m - k
        remaining = [c for a, c in enumerate(remaining) if a not in winners]
    return place


def locked(lead: np.ndarray) -> list[int]:
    """Whom each candidate reaches by locked victories, as bits, from P(a ≻ b) - ½."""
    m = len(lead)
    first, second = np.nonzero(lead > TIE_TOLERANCE)
    width = lead[first, second]
    order = np.argsort(-width, kind="stable")
    width = width[order]
    new = np.flatnonzero(np.concatenate([[True], width[:-1] - width[1:] > TIE_TOLERANCE]))
    edges = list(zip(first[order].tolist(), second[order].tolist(), strict=True))
    reach = [0] * m
    for start, stop in zip(new, [*new[1:], len(edges)], strict=True):
        level = edges[start:stop]
        if len(level) > 1:
            together = list(reach)
            for a, b in level:
                _add(together, a, b)
            level = [(a, b) for a, b in level if not together[b] >> a & 1]
        for a, b in level:
            if not reach[b] >> a & 1:
                _add(reach, a, b)
    return reach


def _add(reach: list[int], a: int, b: int) -> None:
    if reach[a] >> b & 1:
        return
    more = reach[b] | 1 << b
    for c in range(len(reach)):
        if c == a or reach[c] >> a & 1:
            reach[c] |= more
