"""Criteria of two or three profiles: a change of the ballots, and how the outcome may not change.

``*_comparisons(rows, weight, exhaustive)`` list the changes of electorates ``[n, rows]``. Without
``exhaustive`` only the smallest changes are listed, such as those of one voter: they are enough
where every electorate is searched. With ``exhaustive`` there are larger ones too, such as those of
all voters with the same ballot, for the check of a given profile.

``*_violation(comparisons, places)`` say which comparisons violate the criterion ``[k]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria.comparisons import (
    Comparisons,
    candidate_mask,
    concatenate,
    make_comparisons,
)

#: Most ways to place a clone, or to split an electorate, that are tried.
MAX_ASSIGNMENTS = 128

Row = tuple[int, ...]

# -- one ballot changes ---------------------------------------------------------------------------


def _add_rows(
    rows: np.ndarray, weight: np.ndarray, new_rows: Iterable[Row]
) -> tuple[np.ndarray, np.ndarray, dict[Row, int]]:
    """Adds possible ballots of weight zero.

    Returns:
        Rows, weights, and the index of each row.
    """
    index = {tuple(row): i for i, row in enumerate(rows.tolist())}
    for row in new_rows:
        index.setdefault(tuple(row), len(index))
    rows = np.array(list(index))
    added = len(rows) - weight.shape[1]
    return rows, np.pad(weight, ((0, 0), (0, added))), index


def _ballot_changes(
    rows: np.ndarray,
    weight: np.ndarray,
    changes: Iterable[tuple[int, int, np.ndarray]],
    all_voters: bool,
) -> Comparisons:
    """Electorates before and after one voter replaces a ballot by another.

    Args:
        changes: row before, row after, and the mask of the candidates concerned; row -1 stands
            for an abstention.
        all_voters: whether all voters with that ballot also change it together.
    """
    parts = []
    for old, new, candidates in changes:
        for together in (False, True) if all_voters else (False,):
            amount = weight[:, old] if together and old >= 0 else np.ones(len(weight), weight.dtype)
            possible = (amount > 0) & ((weight[:, old] >= amount) if old >= 0 else True)
            if together:
                possible &= (weight[:, old] != 1) & (old >= 0)
            before = weight[possible]
            after = before.copy()
            if old >= 0:
                after[:, old] -= amount[possible]
            if new >= 0:
                after[:, new] += amount[possible]
            nonempty = (before.sum(1) > TIE_TOLERANCE) & (after.sum(1) > TIE_TOLERANCE)
            masks = np.broadcast_to(candidates, (nonempty.sum(), len(candidates)))
            parts.append(
                make_comparisons(
                    rows,
                    [before[nonempty], after[nonempty]],
                    masks,
                    ballot_before=old,
                    ballot_after=new,
                )
            )
    return concatenate(rows, parts)


def monotonicity_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """Voters raise a candidate.

    One step up by one voter is enough where every electorate is searched, since any raise is a
    chain of such steps.
    """
    m = rows.shape[1]
    cast = np.flatnonzero(weight.any(0))
    raised = [
        (i, c, row) for i in cast for c in range(m) for row in e.raised_rows(rows[i], c, exhaustive)
    ]
    rows, weight, index = _add_rows(rows, weight, (row for *_, row in raised))
    changes = [(i, index[row], candidate_mask(m, [c])) for i, c, row in raised]
    return _ballot_changes(rows, weight, changes, exhaustive)


def stops_winning(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether a candidate concerned stops winning, or stops being the sole winner ``[k]``."""
    before, after = e.winners(places[0]), e.winners(places[1])
    becomes_tied = e.has_sole_winner(places[0]) & ~e.has_sole_winner(places[1])
    return (comparisons.candidates & before & (~after | becomes_tied[:, None])).any(-1)


def later_no_harm_comparisons(
    rows: np.ndarray, weight: np.ndarray, exhaustive: bool
) -> Comparisons:
    """A voter ranks one more of the candidates tied last.

    The candidates concerned are those ranked before. With ``exhaustive`` also the ballots as cast
    are compared with ballots that were truncated earlier.
    """
    cast = np.flatnonzero(weight.any(0))
    extended = [(i, row) for i in cast for row in e.extended_rows(rows[i])]
    truncated = [
        (_truncated(rows[i], k), i)
        for i in (cast if exhaustive else ())
        for k in range(1, len(e.tied_groups(rows[i])) - 1)
    ]
    rows, weight, index = _add_rows(rows, weight, (row for _, row in extended))
    rows, weight, index = _add_rows(rows, weight, (row for row, _ in truncated))
    parts = []
    for row, i in truncated:
        short = index[row]
        change = (i, short, _ranked_above_last(rows[short]))
        parts.append(_ballot_changes(rows, weight, [change], True).inverted())
    changes = [(i, index[row], _ranked_above_last(rows[i])) for i, row in extended]
    return concatenate(rows, [*parts, _ballot_changes(rows, weight, changes, exhaustive)])


def _truncated(row: np.ndarray, k: int) -> Row:
    """The row with its first k places kept and all other ranked candidates tied last."""
    groups = e.tied_groups(row)
    return e.row_from_groups([*groups[:k], [c for group in groups[k:] for c in group]], len(row))


def _ranked_above_last(row: np.ndarray) -> np.ndarray:
    """The candidates whom a ballot ranks above its last place ``[m]``."""
    return (row >= 0) & (row < row.max())


def participation_comparisons(
    rows: np.ndarray, weight: np.ndarray, exhaustive: bool
) -> Comparisons:
    """One voter more takes part; with ``exhaustive`` also present voters abstain."""
    m = rows.shape[1]
    if exhaustive and m <= 4:
        rows, weight, _ = _add_rows(rows, weight, map(tuple, e.strict_rows(m).tolist()))
    no_candidates = candidate_mask(m, [])
    joins = _ballot_changes(rows, weight, [(-1, i, no_candidates) for i in range(len(rows))], False)
    if not exhaustive:
        return joins
    leaves = _ballot_changes(rows, weight, [(i, -1, no_candidates) for i in range(len(rows))], True)
    return concatenate(rows, [leaves.inverted(), joins])


def participation_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the outcome becomes worse for the voter who takes part ``[k]``.

    Sets of winners are compared by Kelly's extension: the sets differ, and the voter finds every
    former winner at least as good as every new one.
    """
    ballot = comparisons.rows[comparisons.ballot_after]
    ballot = np.where(ballot < 0, ballot.max(-1, keepdims=True) + 1, ballot)
    before, after = e.winners(places[0]), e.winners(places[1])
    worst_before = np.where(before, ballot, -1).max(-1)
    best_after = np.where(after, ballot, 99).min(-1)
    return (before != after).any(-1) & (worst_before <= best_after)


# -- all ballots are reversed ---------------------------------------------------------------------


def reversal_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """Every ballot is reversed."""
    rows, weight, index = _add_rows(rows, weight, [e.reversed_row(row) for row in rows])
    reversed_index = [index[e.reversed_row(row)] for row in rows]
    return make_comparisons(rows, [weight, weight[:, reversed_index]])


def reversal_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the sole winner still wins when every ballot is reversed ``[k]``."""
    wins_both = (e.winners(places[0]) & e.winners(places[1])).any(-1)
    return e.has_sole_winner(places[0]) & wins_both


# -- a candidate withdraws or enters --------------------------------------------------------------


def _withdrawals(
    rows: np.ndarray, weight: np.ndarray, withdrawn: int, candidates: np.ndarray
) -> Comparisons:
    """Electorates before and after a candidate withdraws."""
    k, m = len(weight), rows.shape[1]
    all_stand, others_stand = np.ones((k, m), bool), np.ones((k, m), bool)
    others_stand[:, withdrawn] = False
    masks = np.broadcast_to(candidates, (k, m))
    return make_comparisons(
        rows, [weight, weight], masks, [all_stand, others_stand], withdrawn=withdrawn
    )


def iia_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """Each candidate withdraws."""
    m = rows.shape[1]
    no_candidates = candidate_mask(m, [])
    return concatenate(
        rows, [_withdrawals(rows, weight, c, no_candidates) for c in range(m) if m > 1]
    )


def iia_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the strict order of a remaining pair is reversed ``[k]``."""
    stays = places[1] >= 0
    before, after = (strictly_ahead(place, stays) for place in places)
    return (before & after.swapaxes(-1, -2)).any((-1, -2))


def strictly_ahead(place: np.ndarray, included: np.ndarray) -> np.ndarray:
    """Whether a candidate is strictly ahead of another, both ``included [..., m]``
    ``[..., m, m]``."""
    ahead = place[..., :, None] < place[..., None, :]
    return ahead & included[..., :, None] & included[..., None, :]


def local_iia_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """As ``iia_violation``, for the withdrawal of a candidate alone in first or last place."""
    own = np.take_along_axis(places[0], comparisons.withdrawn[:, None], 1)
    sharing = (places[0] == own).sum(-1)
    at_end = (own[:, 0] == 0) | (own == places[0].max(-1, keepdims=True))[:, 0]
    return at_end & (sharing == 1) & iia_violation(comparisons, places)


def clones_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """One of a set of clones enters.

    With ``exhaustive``, where the profile has no clones, a new clone of each candidate enters
    instead.
    """
    m = rows.shape[1]
    parts = []
    for size in range(2, m):
        for clones in combinations(range(m), size):
            separated = ~np.array([e.are_clones(row, clones) for row in rows])
            has_clones = ~(weight[:, separated] > 0).any(1)
            for entering in clones if has_clones.any() else ():
                mask = candidate_mask(m, clones)
                parts.append(_withdrawals(rows, weight[has_clones], entering, mask).inverted())
    found = concatenate(rows, parts)
    return found if not exhaustive or len(found) else _new_clones(rows, weight)


def _new_clones(rows: np.ndarray, weight: np.ndarray) -> Comparisons:
    """A clone of each candidate enters one electorate ``[1, rows]``, above or below the original
    on each ballot, in up to ``MAX_ASSIGNMENTS`` ways.

    A candidate who is unranked or tied on a ballot gets no clone.
    """
    cast = np.flatnonzero(weight[0] > 0)
    m = rows.shape[1]
    cloned: list[tuple[int, list[Row]]] = []
    for c in range(m):
        own = rows[cast, c]
        if (own < 0).any() or ((rows[cast] == own[:, None]).sum(1) > 1).any():
            continue
        for assignment in _assignments(len(cast)):
            ballots = [
                _with_clone(rows[i], c, below) for i, below in zip(cast, assignment, strict=True)
            ]
            cloned.append((c, ballots))
    index: dict[Row, int] = {}
    for _, ballots in cloned:
        for ballot in ballots:
            index.setdefault(ballot, len(index))
    all_rows = np.array(list(index)).reshape(-1, m + 1)
    parts = []
    for c, ballots in cloned:
        total = np.zeros((1, len(all_rows)))
        np.add.at(total[0], [index[ballot] for ballot in ballots], weight[0, cast])
        mask = candidate_mask(m + 1, [c, m])
        parts.append(_withdrawals(all_rows, total, m, mask).inverted())
    return concatenate(all_rows, parts)


def _with_clone(row: np.ndarray, c: int, below: int) -> Row:
    """The row with a new candidate m directly above or below candidate ``c``."""
    m, place = len(row), row[c]
    groups = e.tied_groups(row)
    pair = [[c], [m]] if below else [[m], [c]]
    return e.row_from_groups([*groups[:place], *pair, *groups[place + 1 :]], m + 1)


def _assignments(n: int) -> np.ndarray:
    """Zeros and ones ``[assignments, n]``: all where there are few, else a sample (seed 0)."""
    if 2**n <= MAX_ASSIGNMENTS:
        return (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.random.default_rng(0).integers(0, 2, (MAX_ASSIGNMENTS, n))


def clones_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the clone changes which others win, or whether any member of the set wins ``[k]``."""
    clones = comparisons.candidates
    without, with_clone = e.winners(places[0]), e.winners(places[1])
    others_change = (without != with_clone) & ~clones
    set_changes = (without & clones).any(-1) != (with_clone & clones).any(-1)
    return others_change.any(-1) | set_changes


# -- two electorates vote together ----------------------------------------------------------------


def reinforcement_comparisons(
    rows: np.ndarray, weight: np.ndarray, exhaustive: bool
) -> Comparisons:
    """Splits of one electorate ``[1, rows]`` into two, with equal ballots kept together."""
    cast = np.flatnonzero(weight[0] > 0)
    if len(cast) < 2:
        return concatenate(rows, [], 3)
    splits = _assignments(len(cast))
    splits = splits[(splits.sum(1) > 0) & (splits.sum(1) < len(cast)) & (splits[:, 0] == 1)]
    first = np.zeros((len(splits), len(rows)))
    first[:, cast] = splits * weight[0, cast]
    union = np.broadcast_to(weight[0], first.shape)
    return make_comparisons(rows, [first, weight[0] - first, union])


def merged_comparisons(rows: np.ndarray, first: np.ndarray, second: np.ndarray) -> Comparisons:
    """The union of every electorate ``[n1, rows]`` with every electorate ``[n2, rows]``."""
    i, j = np.indices((len(first), len(second))).reshape(2, -1)
    return make_comparisons(rows, [first[i], second[j], first[i] + second[j]])


def reinforcement_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the electorates have common winners and the union elects another set ``[k]``."""
    common = e.winners(places[0]) & e.winners(places[1])
    return common.any(-1) & (common != e.winners(places[2])).any(-1)


# -- voters or candidates are permuted ------------------------------------------------------------


def anonymity_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """The same ballots in another order, each line split into two halves."""
    twice = np.concatenate([rows, rows[::-1]])
    zero = np.zeros(weight.shape)
    before = np.concatenate([weight, zero], axis=1)
    after = np.concatenate([0.5 * weight, 0.5 * weight[:, ::-1]], axis=1)
    return make_comparisons(twice, [before, after])


def anonymity_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the order changes ``[k]``."""
    return (places[0] != places[1]).any(-1)


def neutrality_comparisons(rows: np.ndarray, weight: np.ndarray, exhaustive: bool) -> Comparisons:
    """Two candidates exchange their names. Every renaming is a chain of such exchanges."""
    m = rows.shape[1]
    pairs = list(combinations(range(m), 2))
    exchanged: list[list[Row]] = []
    for a, b in pairs:
        order = np.arange(m)
        order[[a, b]] = b, a
        exchanged.append([tuple(row) for row in rows[:, order].tolist()])
    all_rows, all_weight, index = _add_rows(rows, weight, (row for new in exchanged for row in new))
    parts = []
    for pair, new_rows in zip(pairs, exchanged, strict=True):
        after = np.zeros(all_weight.shape)
        columns = [index[row] for row in new_rows]
        np.add.at(after.T, columns, all_weight[:, : len(rows)].T)
        masks = np.broadcast_to(candidate_mask(m, pair), (len(weight), m))
        parts.append(make_comparisons(all_rows, [all_weight, after], masks))
    return concatenate(all_rows, parts)


def neutrality_violation(comparisons: Comparisons, places: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the order with names exchanged is not the exchanged order ``[k]``."""
    m = places[0].shape[-1]
    renamed = np.broadcast_to(np.arange(m), places[0].shape).copy()
    pair = np.nonzero(comparisons.candidates)[1].reshape(-1, 2)
    k = np.arange(len(pair))
    renamed[k, pair[:, 0]], renamed[k, pair[:, 1]] = pair[:, 1], pair[:, 0]
    return (places[0] != np.take_along_axis(places[1], renamed, 1)).any(-1)
