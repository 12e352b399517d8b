"""Criteria of change: what may be done to ballots, and how an outcome must not answer.

``*_cases(rows, weight, whole)`` lists the changes of electorates ``[n, rows]``, small ones; with
``whole`` also those of all who cast a ballot at once, for a single electorate to be checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np

from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.intraprofile import (
    Comparisons,
    candidate_mask,
    concatenate,
    make_comparisons,
)
from scrl.voting.profile import TIE_TOLERANCE

#: Most ways in which a clone may enter, or an electorate be split, that are tried.
MOST_WAYS = 128

# -- one ballot changes ---------------------------------------------------------------------------


def _widened(rows, weight, more: Iterable[tuple[int, ...]]):
    """Rows and weights with further possible ballots that nobody casts yet, and their numbers."""
    number = {tuple(row): i for i, row in enumerate(rows.tolist())}
    for row in more:
        number.setdefault(tuple(row), len(number))
    rows = np.array(list(number))
    extra = len(rows) - weight.shape[1]
    return rows, np.pad(weight, ((0, 0), (0, extra))), number


def _moved(rows, weight, moves: list[tuple[int, int, np.ndarray]], whole: bool) -> Comparisons:
    """One voter, or with ``whole`` also all who cast it, turn from one row to another; row -1 is
    to stay at home. ``moves`` holds the rows and the candidates concerned."""
    parts = []
    for old, new, who in moves:
        for all_ in (False, True) if whole else (False,):
            amount = weight[:, old] if all_ and old >= 0 else np.ones(len(weight), weight.dtype)
            able = (amount > 0) & ((weight[:, old] >= amount) if old >= 0 else True)
            if all_:
                able &= (weight[:, old] != 1) & (old >= 0)
            before = weight[able]
            after = before.copy()
            if old >= 0:
                after[:, old] -= amount[able]
            if new >= 0:
                after[:, new] += amount[able]
            kept = (before.sum(1) > TIE_TOLERANCE) & (after.sum(1) > TIE_TOLERANCE)
            who_ = np.broadcast_to(who, (kept.sum(), len(who)))
            parts.append(
                make_comparisons(rows, [before[kept], after[kept]], who_, old=old, new=new)
            )
    return concatenate(rows, parts)


def monotonicity_comparisons(rows, weight, whole):
    """Some raise a candidate. One step up by one voter is enough where all electorates are
    searched, since any raise is a chain of them."""
    m = rows.shape[1]
    cast = np.flatnonzero(weight.any(0))
    found = [(i, c, to) for i in cast for c in range(m) for to in e.raised_rows(rows[i], c, whole)]
    rows, weight, number = _widened(rows, weight, (to for *_, to in found))
    return _moved(
        rows, weight, [(i, number[to], candidate_mask(m, [c])) for i, c, to in found], whole
    )


def stops_winning(cases, place):
    """One of ``who`` won and does not any more, or won alone and does not alone any more."""
    before, after = e.winners(place[0]), e.winners(place[1])
    alone = e.has_sole_winner(place[0]) & ~e.has_sole_winner(place[1])
    return (cases.candidates & before & (~after | alone[:, None])).any(-1)


def later_no_harm_comparisons(rows, weight, whole):
    """A voter who tied some last says which of them is next. ``who`` were ranked before."""
    cast = np.flatnonzero(weight.any(0))
    found = [(i, to) for i in cast for to in e.extended_rows(rows[i])]
    if whole:  # strict ballots: what would have been, had the voter stopped earlier
        short = [
            (e.row_from_groups([*g[:k], [c for t in g[k:] for c in t]], rows.shape[1]), k, i)
            for i in cast
            for g in [e.tied_groups(rows[i])]
            for k in range(1, len(g) - 1)
        ]
        rows, weight, number = _widened(rows, weight, (to for _, to in found))
        rows, weight, number = _widened(rows, weight, (row for row, *_ in short))
        moves = [(number[row], i) for row, _, i in short]
        back = [_moved(rows, weight, [(i, s, _said(rows[s]))], True) for s, i in moves]
        turned = [
            Comparisons(
                c.rows,
                c.weight[::-1],
                c.candidate_masks,
                c.candidates,
                c.withdrawn,
                c.ballot_after,
                c.ballot_before,
            )
            for c in back
        ]
    else:
        rows, weight, number = _widened(rows, weight, (to for _, to in found))
        turned = []
    moves = [(i, number[to], _said(rows[i])) for i, to in found]
    return concatenate(rows, [*turned, _moved(rows, weight, moves, whole)])


def _said(row) -> np.ndarray:
    """Whom a ballot ranks above its last place ``[m]``."""
    return (row >= 0) & (row < row.max())


def participation_comparisons(rows, weight, whole):
    """Somebody comes to vote; with ``whole`` also those who have voted stay at home."""
    m = rows.shape[1]
    if whole and m <= 4:
        rows, weight, _ = _widened(rows, weight, map(tuple, e.strict_rows(m).tolist()))
    none = candidate_mask(m, [])
    came = _moved(rows, weight, [(-1, i, none) for i in range(len(rows))], False)
    if not whole:
        return came
    left = _moved(rows, weight, [(i, -1, none) for i in range(len(rows))], True)
    back = Comparisons(
        rows,
        left.weight[::-1],
        left.candidate_masks,
        left.candidates,
        left.withdrawn,
        left.ballot_after,
        left.ballot_before,
    )  # who left is who came, told the other way round
    return concatenate(rows, [back, came])


def participation_violation(cases, place):
    """All who won are at least as good, to the voter who comes, as all who win then, and they are
    not the same: the comparison of Kelly."""
    row = cases.rows[cases.ballot_after]
    row = np.where(row < 0, row.max(-1, keepdims=True) + 1, row)
    before, after = e.winners(place[0]), e.winners(place[1])
    worst = np.where(before, row, -1).max(-1)
    best = np.where(after, row, 99).min(-1)
    return (before != after).any(-1) & (worst <= best)


# -- all ballots change ---------------------------------------------------------------------------


def reversal_comparisons(rows, weight, whole):
    rows, weight, number = _widened(rows, weight, [e.reversed_row(row) for row in rows])
    to = [number[e.reversed_row(row)] for row in rows]
    return make_comparisons(rows, [weight, weight[:, to]])


def reversal_violation(cases, place):
    """Who wins alone still wins when every ballot is turned upside down."""
    stays = (e.winners(place[0]) & e.winners(place[1])).any(-1)
    return e.has_sole_winner(place[0]) & stays


def _without(rows, weight, gone: int, who) -> Comparisons:
    """Before and after a candidate withdraws."""
    k, m = len(weight), rows.shape[1]
    full, left = np.ones((k, m), bool), np.ones((k, m), bool)
    left[:, gone] = False
    who = np.broadcast_to(who, (k, m))
    return make_comparisons(rows, [weight, weight], who, [full, left], gone=gone)


def iia_comparisons(rows, weight, whole):
    m = rows.shape[1]
    return concatenate(
        rows, [_without(rows, weight, c, candidate_mask(m, [])) for c in range(m) if m > 1]
    )


def iia_violation(cases, place):
    """A strict pair of those who stay is turned round."""
    stay = place[1] >= 0
    return (strictly_ahead(place[0], stay) & strictly_ahead(place[1], stay).swapaxes(-1, -2)).any(
        (-1, -2)
    )


def strictly_ahead(place, stay) -> np.ndarray:
    """Who of those who stay is strictly ahead of whom ``[..., m, m]``."""
    ahead = place[..., :, None] < place[..., None, :]
    return ahead & stay[..., :, None] & stay[..., None, :]


def local_iia_violation(cases, place):
    """As above, where the one who withdraws was alone in first or in last place."""
    at = np.take_along_axis(place[0], cases.withdrawn[:, None], 1)
    level = (place[0] == at).sum(-1)
    end = (at[:, 0] == 0) | (at == place[0].max(-1, keepdims=True))[:, 0]
    return end & (level == 1) & iia_violation(cases, place)


def clones_comparisons(rows, weight, whole):
    """One of a set of clones enters. With ``whole`` also one who is not yet there, on every ballot
    next to the candidate it resembles, above or below."""
    m = rows.shape[1]
    parts = []
    for size in range(2, m):
        for some in combinations(range(m), size):
            apart = ~np.array([e.are_clones(row, some) for row in rows])
            alike = ~(weight[:, apart] > 0).any(1)
            for gone in some if alike.any() else ():
                parts.append(_turn(_without(rows, weight[alike], gone, candidate_mask(m, some))))
    found = concatenate(rows, parts)
    return found if not whole or len(found) else _entering(rows, weight)


def _turn(cases: Comparisons) -> Comparisons:
    """Before and after exchanged: a withdrawal becomes an entry."""
    return replace(cases, weight=cases.weight[::-1], candidate_masks=cases.candidate_masks[::-1])


def _entering(rows, weight) -> Comparisons:
    """A clone of each candidate enters one electorate ``[1, rows]``, in many ways."""
    cast = np.flatnonzero(weight[0] > 0)
    m = rows.shape[1]
    parts, all_rows = [], []
    for c in range(m):
        if (rows[cast, c] < 0).any():
            continue
        for way in _ways(len(cast)):
            wide = []
            for i, below in zip(cast, way, strict=True):
                g = [[x for x in tied if x != c] for tied in e.tied_groups(rows[i])]
                pair = [[c], [m]] if below else [[m], [c]]
                alone = [x for x in np.flatnonzero(rows[i] == rows[i, c]) if x != c]
                if alone:
                    break
                wide.append(e.row_from_groups([*g[: rows[i, c]], *pair, *g[rows[i, c] :]], m + 1))
            else:
                all_rows.append((c, np.array(wide)))
    number: dict[tuple[int, ...], int] = {}
    for _, wide in all_rows:
        for row in wide.tolist():
            number.setdefault(tuple(row), len(number))
    table = np.array(list(number)).reshape(-1, m + 1)
    for c, wide in all_rows:
        w = np.zeros((1, len(table)))
        np.add.at(w[0], [number[tuple(row)] for row in wide.tolist()], weight[0, cast])
        parts.append(_turn(_without(table, w, m, candidate_mask(m + 1, [c, m]))))
    return concatenate(table, parts)


def _ways(n: int):
    """Yes or no for each of n: all ways where they are few, else a fixed sample (seed 0)."""
    if 2**n <= MOST_WAYS:
        return (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.random.default_rng(0).integers(0, 2, (MOST_WAYS, n))


def clones_violation(cases, place):
    """Among the others other candidates win, or the set wins with and not without its clone."""
    without, with_ = e.winners(place[0]), e.winners(place[1])
    others = (without != with_) & ~cases.candidates
    inside = (without & cases.candidates).any(-1) != (with_ & cases.candidates).any(-1)
    return others.any(-1) | inside


def reinforcement_comparisons(rows, weight, whole):
    """One electorate ``[1, rows]`` in two parts, split between its lines."""
    cast = np.flatnonzero(weight[0] > 0)
    if len(cast) < 2:
        return concatenate(rows, [], 3)
    ways = _ways(len(cast))
    ways = ways[(ways.sum(1) > 0) & (ways.sum(1) < len(cast)) & (ways[:, 0] == 1)]
    first = np.zeros((len(ways), len(rows)))
    first[:, cast] = ways * weight[0, cast]
    return make_comparisons(
        rows, [first, weight[0] - first, np.broadcast_to(weight[0], first.shape)]
    )


def merged_comparisons(rows, first, second):
    """Every electorate of one list meets every one of another, for reinforcement."""
    i, j = np.indices((len(first), len(second))).reshape(2, -1)
    return make_comparisons(rows, [first[i], second[j], first[i] + second[j]])


def reinforcement_violation(cases, place):
    """Some candidates win in both, and not exactly they win in the whole."""
    both = e.winners(place[0]) & e.winners(place[1])
    return both.any(-1) & (both != e.winners(place[2])).any(-1)


def anonymity_comparisons(rows, weight, whole):
    """The same ballots, each line cast by other voters in another order, half of it apart."""
    again = np.concatenate([rows, rows[::-1]])
    zero = np.zeros(weight.shape)
    before = np.concatenate([weight, zero], axis=1)
    after = np.concatenate([0.5 * weight, 0.5 * weight[:, ::-1]], axis=1)
    return make_comparisons(again, [before, after])


def anonymity_violation(cases, place):
    return (place[0] != place[1]).any(-1)


def neutrality_comparisons(rows, weight, whole):
    """Two candidates exchange their names; every renaming is a chain of such."""
    m = rows.shape[1]
    pairs = list(combinations(range(m), 2))
    swapped = []
    for a, b in pairs:
        to = np.arange(m)
        to[[a, b]] = b, a
        swapped.append(rows[:, to])
    wide, weight, number = _widened(rows, weight, (tuple(r) for s in swapped for r in s.tolist()))
    parts = []
    for pair, renamed in zip(pairs, swapped, strict=True):
        after = np.zeros(weight.shape)
        to = [number[tuple(r)] for r in renamed.tolist()]
        np.add.at(after, (slice(None), to), weight[:, : len(rows)])
        who = np.broadcast_to(candidate_mask(m, pair), (len(weight), m))
        parts.append(make_comparisons(wide, [weight, after], who))
    return concatenate(wide, parts)


def neutrality_violation(cases, place):
    m = place[0].shape[-1]
    to = np.broadcast_to(np.arange(m), place[0].shape).copy()
    pair = np.nonzero(cases.candidates)[1].reshape(-1, 2)
    k = np.arange(len(pair))
    to[k, pair[:, 0]], to[k, pair[:, 1]] = pair[:, 1], pair[:, 0]
    return (place[0] != np.take_along_axis(place[1], to, 1)).any(-1)
