"""What has to come true of the margins if a rule's winners change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import permutations

import numpy as np

from scrl.voting.robustness.electorate import Electorate
from scrl.voting.robustness.pairwise import (
    Aim,
    Requirement,
    ahead,
    changed_order_of_margins,
    changed_victories,
    path_edges,
    reached,
    strengths,
    wider,
)

Start = tuple[tuple[Requirement, ...], Aim]
Alternatives = list[tuple[Requirement, ...]] | None
#: Most candidates for Kemeny: all orders are starts.
MAX_KEMENY = 6


def _pairs(voters: Electorate) -> Iterator[tuple[int, int, int]]:
    """Pairs of which one comes true if the winners change: the first candidate draws level with
    the second (0), or passes it (1)."""
    for b in range(voters.size):
        for a in sorted(voters.winners - {b}):
            yield b, a, int(b in voters.winners)


# -- Copeland and minimax -------------------------------------------------------------------------


def copeland_starts(voters: Electorate) -> list[Start]:
    """A candidate wins or ties more duels, relative to another."""
    return [((), partial(_more_duels, b, a, lead)) for b, a, lead in _pairs(voters)]


def _more_duels(b: int, a: int, lead: int, margin: np.ndarray) -> Alternatives:
    """The aim that b has at least as many duels as a, or more by half a duel."""
    sign = np.sign(margin)
    if sign[b].sum() - sign[a].sum() >= lead:
        return None
    found: list[tuple[Requirement, ...]] = []
    for d in range(len(margin)):
        if d != b and sign[b, d] < 1:
            found.append((ahead(b, d, 0 if sign[b, d] < 0 else 1),))
        if d not in (a, b) and sign[a, d] > -1:
            found.append((ahead(d, a, 0 if sign[a, d] > 0 else 1),))
    return found


def minimax_starts(voters: Electorate) -> list[Start]:
    """All defeats of a candidate are at most as wide as one of another candidate's."""
    starts: list[Start] = []
    for b, a, lead in _pairs(voters):
        for c in set(range(voters.size)) - {a}:
            others = (d for d in range(voters.size) if d != b)
            needs = tuple(wider(b, d, a, c, lead) for d in others)
            starts.append((needs, _nothing_more))
    return starts


def _nothing_more(margin: np.ndarray) -> Alternatives:
    """The aim that is reached where the requirements hold."""
    return None


# -- Schulze --------------------------------------------------------------------------------------


def schulze_starts(voters: Electorate) -> list[Start]:
    """A candidate that lost has paths as strong as those back from every winner; or of two winners
    one has the stronger path."""
    starts: list[Start] = []
    for b in range(voters.size):
        if b not in voters.winners:
            starts.append(((), partial(_paths_as_strong, b, sorted(voters.winners))))
        else:
            rivals = sorted(voters.winners - {b})
            starts += [((), partial(_stronger_path, b, a)) for a in rivals]
    return starts


def _cut(margin: np.ndarray, b: int, strength: int) -> list[tuple[int, int]]:
    """The edges out of the candidates that b reaches by paths stronger than a number."""
    inside = reached(margin, b, strength + 1)
    outside = [v for v in range(len(margin)) if v not in inside]
    return [(u, v) for u in inside for v in outside]


def _paths_as_strong(b: int, rivals: list[int], margin: np.ndarray) -> Alternatives:
    path = strengths(margin)
    for a in rivals:
        if path[b, a] < path[a, b]:
            back = list(path_edges(reached(margin, a, path[a, b]), b))
            found: list[tuple[Requirement, ...]] = [(ahead(v, u),) for u, v in back]
            for e in _cut(margin, b, path[b, a]):
                found += [(wider(*e, *f),) for f in back]
            return found
    return None


def _stronger_path(b: int, a: int, margin: np.ndarray) -> Alternatives:
    path = strengths(margin)
    if path[b, a] > path[a, b]:
        return None
    cut = _cut(margin, b, path[b, a])
    if not path[a, b]:
        return [(ahead(*e, 1),) for e in cut]
    back = list(path_edges(reached(margin, a, path[a, b]), b))
    return [(ahead(*e, 1), wider(*e, *f, 1)) for e in cut for f in back]


# -- split cycle and rules that refine it ---------------------------------------------------


def split_cycle_starts(voters: Electorate) -> list[Start]:
    """A candidate that lost is no longer defeated, or a winner is."""
    starts: list[Start] = []
    for b in range(voters.size):
        if b not in voters.winners:
            starts.append(((), partial(_undefeated, b)))
        else:
            others = (c for c in range(voters.size) if c != b)
            starts += [((ahead(c, b, 1),), partial(_defeated, b, c)) for c in others]
    return starts


def _undefeated(b: int, margin: np.ndarray) -> Alternatives:
    """The aim that b has, for each defeat, a path to the victor with margins as wide."""
    path = strengths(margin)
    for c in range(len(margin)):
        if margin[c, b] > path[b, c]:
            cut = _cut(margin, b, path[b, c])
            return [(ahead(b, c),), *((wider(*e, c, b),) for e in cut if e != (b, c))]
    return None


def _defeated(a: int, c: int, margin: np.ndarray) -> Alternatives:
    """The aim that c defeats a, and that each path back has a narrower margin."""
    if margin[c, a] > strengths(margin)[a, c]:
        return None
    back = path_edges(reached(margin, a, margin[c, a]), c)
    return [(wider(c, a, *e, 1),) for e in back if e != (a, c)]


def refinement_starts(voters: Electorate) -> list[Start]:
    """A candidate that wins is undefeated by split cycle, which the rule refines, with ties too
    (Holliday & Pacuit 2023); where several tie, the order of margins changes."""
    if len(voters.winners) > 1:
        return ordinal_starts(voters)
    losers = [b for b in range(voters.size) if b not in voters.winners]
    return [((), partial(_undefeated, b)) for b in losers]


def ordinal_starts(voters: Electorate) -> list[Start]:
    """The order of the margins changes."""
    return [((), changed_order_of_margins)]


def sign_starts(voters: Electorate) -> list[Start]:
    """A victory or a tie changes."""
    return [((), changed_victories)]


# -- Kemeny ---------------------------------------------------------------------------------------


def kemeny_starts(voters: Electorate) -> list[Start]:
    """An order with another candidate first agrees with the voters as well as any."""
    orders = np.array(list(permutations(range(voters.size))))
    starts: list[Start] = []
    for order in orders:
        b = int(order[0])
        if b not in voters.winners:
            rivals = orders[orders[:, 0] != b]
            starts.append(((), partial(_best_order, order, rivals, 0)))
        for a in sorted(voters.winners - {b}) if b in voters.winners else ():
            rivals = orders[orders[:, 0] == a]
            starts.append(((), partial(_best_order, order, rivals, 1)))
    return starts


def _agreement(orders: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """The sum of the margins that each order agrees with ``[orders]``."""
    m = orders.shape[1]
    first, second = np.triu_indices(m, 1)
    return margin[orders[:, first], orders[:, second]].sum(1)


def _best_order(
    order: np.ndarray, rivals: np.ndarray, lead: int, margin: np.ndarray
) -> Alternatives:
    """The aim that an order agrees as well as all its rivals, or better."""
    agreement = _agreement(rivals, margin)
    best = int(np.argmax(agreement))
    if _agreement(order[None], margin)[0] >= agreement[best] + lead:
        return None
    rank, other = np.argsort(order), np.argsort(rivals[best])
    terms = tuple(
        (a, b, 2)
        for a in range(len(order))
        for b in range(len(order))
        if rank[a] < rank[b] and other[b] < other[a]
    )
    return [(Requirement(terms, lead),)]
