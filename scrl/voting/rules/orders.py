"""Condorcet rules that search for an order: Kemeny, exactly, and ranked pairs."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from scrl.types import InputError
from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.registry import rule
from scrl.voting.rules.order_search import BoundedOrder, OrderSearch
from scrl.voting.rules.pairwise import CONDORCET_CRITERIA

#: Most candidates in one majority cycle that are searched by dynamic programming: 2^m subsets.
MAX_CYCLE = 16
#: Most candidates in one larger cycle, and the seconds after which its search is given up.
MAX_SEARCHED_CYCLE, SEARCH_SECONDS = 60, 10.0
#: Subsets × candidates × contests searched at once.
CELLS = 400_000


@rule(
    "kemeny",
    title="Kemeny",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Of all possible orders, the one that disagrees least with the voters, pair by "
    "pair. Its first candidate wins.",
    reference="Kemeny 1959; exact, by dynamic programming over subsets (Betzler et al. 2009, after "
    "Held & Karp 1962), in larger majority cycles by integer programming (Grötschel, Jünger & "
    "Reinelt 1984); all winners of optimal orders share a place, are removed, and the rule runs "
    "again",
    satisfies=CONDORCET_CRITERIA,
    distortion=("unbounded", ""),
    cost="n·m² + 2^m·m within one majority cycle; of more than 16 candidates there, what can be "
    "proved in 10 seconds",
    guaranteed_candidates=MAX_CYCLE,
)
def kemeny(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` from P(a ≻ b) ``[contests, candidates, candidates]``.

    If every candidate of one set beats every candidate of another, every optimal order puts the
    first set ahead (Truchon 1998). So orders are searched only within a majority cycle.

    Raises:
        InputError: where the optimum in a cycle of more than ``MAX_CYCLE`` candidates is not proved
            within ``SEARCH_SECONDS``.
    """
    return optimal_places(above, "Kemeny's order")


def optimal_places(above: np.ndarray, title: str) -> np.ndarray:
    """Places ``[contests, candidates]`` by the orders of least disagreement with ``above``, as
    ``kemeny``; ``title`` names the order in a message."""
    block = majority_blocks(above)
    place = np.zeros(above.shape[:2], int)
    # Each block is a separate small contest. All blocks of a size are solved together.
    contest, size = np.arange(len(above))[:, None], np.zeros_like(block)
    np.add.at(size, (contest, block), 1)
    ahead = np.cumsum(size, axis=1) - size
    if size.max(initial=0) > MAX_SEARCHED_CYCLE:
        raise InputError(
            f"{title} is searched while at most {MAX_SEARCHED_CYCLE} candidates beat each other in "
            f"a cycle, and {size.max():,} do here; leave some out or choose another rule."
        )
    for k in np.unique(size[size > 1]):
        row, number = np.nonzero(size == k)
        members = np.nonzero(block[row] == number[:, None])[1].reshape(len(row), k)
        shares = above[row[:, None, None], members[:, :, None], members[:, None, :]]
        if k > MAX_CYCLE:
            searched = [_search_large_cycle(own, title) for own in shares]
            place[row[:, None], members] = np.array(searched)
            continue
        step = max(1, CELLS // (2**k * k))
        place[row[:, None], members] = np.concatenate(
            [_search_subsets(shares[i : i + step]) for i in range(0, len(shares), step)]
        )
    return place + np.take_along_axis(ahead, block, axis=1)


def _search_large_cycle(above: np.ndarray, title: str) -> np.ndarray:
    """Places ``[candidates]`` in one majority cycle of more than ``MAX_CYCLE`` candidates.

    Raises:
        InputError: where an optimal order, or who leads one, is not proved in time.
    """
    m = len(above)
    search = OrderSearch(above.T * (1 - np.eye(m)), time.monotonic() + SEARCH_SECONDS)
    place, remaining = np.zeros(m, int), np.arange(m)
    whole = search.least(remaining)
    best: BoundedOrder | None = whole
    while len(remaining):
        block = majority_blocks(above[np.ix_(remaining, remaining)][None])[0]
        members = remaining[block == 0]
        if len(members) <= MAX_CYCLE:
            own = _search_subsets(above[np.ix_(members, members)][None])[0]
            place[members] = m - len(remaining) + own
            remaining, best = remaining[block > 0], None
            continue
        # Without its one winner, an order of least disagreement still is one.
        best = search.restricted(best, members) if best else search.least(members)
        winners, unknown = search.leaders(best) if best.proved else ([], [])
        if unknown or not winners:
            raise InputError(_not_proved(title, m, whole))
        place[winners] = m - len(remaining)
        remaining = np.setdiff1d(remaining, winners)
        best = best if len(winners) == 1 else None
    return place


def _not_proved(title: str, m: int, found: BoundedOrder) -> str:
    """A sentence on an order that is not proved to be optimal, or not to be the only one."""
    known = f"no order has fewer than {found.bound:.6g}"
    if found.proved:
        known = "no order has fewer, but which candidates lead such an order is open"
    return (
        f"{title} is not proved within {SEARCH_SECONDS:g} seconds: {m} candidates beat each other "
        f"in a cycle, the best order found disagrees with {found.cost:.6g} pairs a voter, and "
        f"{known}; choose another rule, or give kemeny_ranking or slater_ranking more time."
    )


def majority_blocks(above: np.ndarray) -> np.ndarray:
    """The block of each candidate ``[contests, candidates]``, 0 = best. Blocks are the strongly
    connected components of majorities and ties; each beats every later block strictly."""
    m = above.shape[-1]
    reach = (above >= 0.5 - TIE_TOLERANCE).astype(np.float32)
    for _ in range(max(1, m - 1).bit_length()):
        reach = (reach @ reach > 0).astype(np.float32)
    ahead = m - reach.sum(-1)  # members of a later block reach fewer candidates
    return np.stack([np.unique(row, return_inverse=True)[1].ravel() for row in ahead])


@cache
def _subsets_by_size(m: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each size k: the subsets of m candidates as bits ``[subsets]``, their members
    ``[subsets, k]``, and the subsets without each member, same shape."""
    subsets = np.arange(2**m)
    is_member = (subsets[:, None] >> np.arange(m)) & 1 == 1
    layers = []
    for k in range(1, m + 1):
        layer = subsets[is_member.sum(1) == k]
        members = np.nonzero(is_member[layer])[1].reshape(len(layer), k)
        layers.append((layer, members, layer[:, None] - (1 << members)))
    return layers


def _search_subsets(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` by dynamic programming: the least disagreement of an order
    of every subset, small subsets first."""
    n, m, _ = above.shape
    against = np.swapaxes(above, 1, 2) * (1 - np.eye(m))
    # Disagreement if a candidate precedes a subset, [subsets, candidates, contests]. Contests are
    # contiguous in memory, since every subset is looked up for all of them.
    first = np.zeros((2**m, m, n))
    for k in range(m):
        first[2**k : 2 ** (k + 1)] = first[: 2**k] + against[:, :, k].T
    least = np.zeros((2**m, n))
    for layer, members, without in _subsets_by_size(m):
        least[layer] = (least[without] + first[layer[:, None], members]).min(1)
    place = np.zeros((n, m), int)
    remaining = np.full(n, 2**m - 1)
    contest, bit, candidate = np.arange(n), 1 << np.arange(m), np.arange(m)
    while (remaining > 0).any():
        inside = (remaining[:, None] & bit) > 0
        rest = np.where(inside, remaining[:, None] - bit, 0)
        cost = first[remaining[:, None], candidate, contest[:, None]]
        cost = least[rest, contest[:, None]] + cost
        wins = inside & (cost <= least[remaining, contest][:, None] + TIE_TOLERANCE)
        place = np.where(wins, (m - inside.sum(1))[:, None], place)
        remaining = remaining - (wins * bit).sum(1)
    return place


@rule(
    "ranked-pairs",
    title="Ranked pairs",
    family="pairwise",
    reads="pairwise",
    returns="places",
    on_host=True,
    summary="Head-to-head wins are accepted from the largest to the smallest. A win that would "
    "close a circle is skipped.",
    reference="Tideman 1987; of victories with equal margins, all that close a cycle with each "
    "other or with locked victories are left out, so that names have no effect; the winners share "
    "a place, are removed, and the rule runs again",
    satisfies=CONDORCET_CRITERIA + " clones",
    distortion=("unbounded", "Θ(√m)"),
    cost="n·m² + m⁴",
    max_candidates=200,
)
def ranked_pairs(above: np.ndarray) -> np.ndarray:
    """Places ``[contests, candidates]`` from P(a ≻ b) ``[contests, candidates, candidates]``."""
    return np.stack([_ranked_pairs(shares - 0.5) for shares in above])


def _ranked_pairs(margins: np.ndarray) -> np.ndarray:
    """Places ``[candidates]`` of one contest, from P(a ≻ b) - ½."""
    m = len(margins)
    place, remaining = np.zeros(m, int), list(range(m))
    while remaining:
        reach = lock_victories(margins[np.ix_(remaining, remaining)])
        k = len(remaining)
        beaten = 0
        for row in reach:
            beaten |= row
        ahead = sorted(range(k), key=lambda a: -reach[a].bit_count())
        if all(reach[a].bit_count() == k - 1 - i for i, a in enumerate(ahead)):
            # The locked victories are a linear order. Without its winner, the same victories would
            # be locked again, so that no further round is needed.
            place[[remaining[a] for a in ahead]] = m - k + np.arange(k)
            break
        winners = [a for a in range(k) if not beaten >> a & 1]
        place[[remaining[a] for a in winners]] = m - k
        remaining = [c for a, c in enumerate(remaining) if a not in winners]
    return place


def lock_victories(margins: np.ndarray) -> list[int]:
    """The candidates that each candidate reaches by locked victories, as bits, from P(a ≻ b) - ½
    ``[candidates, candidates]``."""
    m = len(margins)
    first, second = np.nonzero(margins > TIE_TOLERANCE)
    margin = margins[first, second]
    order = np.argsort(-margin, kind="stable")
    margin = margin[order]
    new = np.flatnonzero(np.concatenate([[True], margin[:-1] - margin[1:] > TIE_TOLERANCE]))
    edges = list(zip(first[order].tolist(), second[order].tolist(), strict=True))
    reach = [0] * m
    for start, stop in zip(new, [*new[1:], len(edges)], strict=True):
        level = edges[start:stop]
        if len(level) > 1:
            with_level = list(reach)
            for a, b in level:
                _lock(with_level, a, b)
            level = [(a, b) for a, b in level if not with_level[b] >> a & 1]
        for a, b in level:
            if not reach[b] >> a & 1:
                _lock(reach, a, b)
    return reach


def _lock(reach: list[int], a: int, b: int) -> None:
    """Lock the victory of a over b: update the transitive closure ``reach``."""
    if reach[a] >> b & 1:
        return
    reached = reach[b] | 1 << b
    for c in range(len(reach)):
        if c == a or reach[c] >> a & 1:
            reach[c] |= reached
