"""Phragmén's rules: a seat is a load of 1 that the voters who approve of its holder share.

Sources: Phragmén (1894); Brill, Freeman, Janson and Lackner, Phragmén's voting methods and
justified representation (2017); Sánchez-Fernández, Fernández, Fisteus and Brill, The maximin
support method (2021); Camps, Mora and Saumell, The method of Eneström and Phragmén (2019).
"""

from __future__ import annotations

import numpy as np

from scrl.committees.batches import (
    ApprovalBatch,
    ElectedCommittees,
    all_committees,
    best_committees,
)
from scrl.committees.memories import begin, weighted_support
from scrl.committees.rounds import ElectionRound, Frontier, near, record_round
from scrl.committees.thiele import members


def elect_by_loads(
    batch: ApprovalBatch,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
    start: Frontier | None = None,
) -> ElectedCommittees:
    """Sequential Phragmén: each round elects the candidate whose voters, all loads among them made
    equal, have the least load.

    Candidates whom nobody approves come last, and tie.

    Args:
        limit: most committees of a profile.
        rounds: list to which the rounds of the first profile are added.
        start: partial committees of one size to begin with, their memory the load of one unit of
            weight; empty committees without loads where None.
    """
    m = batch.candidates
    frontier = begin(batch, seats, np.zeros(len(batch.weight))) if start is None else start
    support = batch.approvals
    size = int(frontier.committee[0]).bit_count() if len(frontier.committee) else seats
    for _ in range(size, seats):
        load = loads_after(batch, frontier, support)
        load[members(frontier, m)] = np.inf
        # Candidates whom nobody approves come behind all others.
        known = np.where(load == _NOBODY, 0.0, load)
        behind = np.where(np.isfinite(known), known, 0.0).max() + 1
        rank = np.where(load == _NOBODY, behind, load)
        tolerance = near(known)
        if frontier.profile[0] == 0:
            record_round(rounds, -rank, tolerance)

        def change(
            before: np.ndarray, state: np.ndarray, chosen: np.ndarray, new: np.ndarray = known
        ) -> np.ndarray:
            return np.broadcast_to(new[state, chosen][:, None], before.shape)

        frontier = frontier.advance(-rank, tolerance, limit, batch, change)
    return frontier.elected(m, limit)


#: The load of candidates whom nobody approves.
_NOBODY = np.finfo(float).max


def loads_after(batch: ApprovalBatch, frontier: Frontier, support: np.ndarray) -> np.ndarray:
    """The load of the voters of each candidate were it elected ``[states, candidates]``."""
    load, total = weighted_support(batch, frontier), frontier.rows_of(support)
    return np.where(total > 0, (load + 1) / np.where(total > 0, total, 1), _NOBODY)


def elect_by_enestroem(
    batch: ApprovalBatch,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> ElectedCommittees:
    """Eneström and Phragmén's method: the candidate with most remaining weight pays a Hare quota,
    which its voters lose in proportion.

    Args:
        limit, rounds: as in ``elect_by_loads``.
    """
    m, price = batch.candidates, batch.total / seats
    frontier = begin(batch, seats, np.ones(len(batch.weight)))
    for _ in range(seats):
        support = weighted_support(batch, frontier)
        support[members(frontier, m)] = -np.inf
        tolerance = frontier.rows_of(batch.tolerance)
        record_round(rounds, support, tolerance)

        def change(
            before: np.ndarray,
            state: np.ndarray,
            chosen: np.ndarray,
            support: np.ndarray = support,
            cost: np.ndarray = price[frontier.profile],
        ) -> np.ndarray:
            had = support[state, chosen]
            kept = np.maximum(had - cost[state], 0) / np.where(had > 0, had, 1)
            return before * kept[:, None]

        frontier = frontier.advance(support, tolerance, limit, batch, change)
    return frontier.elected(m, limit)


# -- from the weight of every set of candidates ----------------------------------------------------


def greatest_loads(batch: ApprovalBatch) -> np.ndarray:
    """The least possible maximum load of each committee ``[profiles, 2^candidates]``.

    By Hall's theorem it is the maximum over parts S of the committee of |S| / weight of the voters
    who approve somebody in S; infinite where nobody approves a member.
    """
    union, m = batch.union_weight, batch.candidates
    size = np.bitwise_count(np.arange(1 << m)).astype(float)
    empty = union <= 1e-12 * batch.total[:, None]
    load = np.where(empty, np.where(size > 0, np.inf, 0.0), size / np.where(empty, 1, union))
    for bit in range(m):  # maxima over subsets
        view = load.reshape(len(union), -1, 2, 1 << bit)
        np.maximum(view[:, :, 1], view[:, :, 0], out=view[:, :, 1])
    return load


def elect_by_least_maximum_load(batch: ApprovalBatch, seats: int, limit: int) -> ElectedCommittees:
    """Phragmén's optimal rule (minimax-Phragmén): the committees whose greatest load is least.

    Candidates whom nobody approves are elected only where too few are approved; they carry no load.
    """
    masks = all_committees(batch.candidates, seats)
    load = _loads_of_approved(batch)[:, masks]
    approved = _approved(batch)
    lacking = seats - np.bitwise_count(masks[None, :] & approved[:, None])
    load = np.where(lacking > lacking.min(axis=1, keepdims=True), np.inf, load)
    finite = np.where(np.isfinite(load), load, 0).max(axis=1)
    score = np.where(np.isfinite(load), -load, -2 * finite[:, None] - 1)
    return best_committees(score, masks, batch.candidates, near(load), limit)


def _approved(batch: ApprovalBatch) -> np.ndarray:
    """The candidates whom somebody approves ``[profiles]``."""
    held = np.where(batch.weight > 0, batch.masks, 0).astype(np.int64)
    return np.bitwise_or.reduce(held, axis=1)


def _loads_of_approved(batch: ApprovalBatch) -> np.ndarray:
    """As ``greatest_loads``, without the members whom nobody approves."""
    sets = np.arange(1 << batch.candidates)
    rows = np.arange(len(batch.weight))[:, None]
    return greatest_loads(batch)[rows, sets[None, :] & _approved(batch)[:, None]]


def elect_by_maximin_support(
    batch: ApprovalBatch,
    seats: int,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> ElectedCommittees:
    """Maximin support: each round elects the candidate with whom the least supported member can be
    supported best.

    Args:
        limit, rounds: as in ``elect_by_loads``.
    """
    m = batch.candidates
    load = greatest_loads(batch)
    bits = np.int64(1) << np.arange(m - 1, -1, -1)
    frontier = Frontier.start(len(batch.weight))
    for _ in range(seats):
        after = load[frontier.profile[:, None], frontier.committee[:, None] | bits]
        support = 1 / after
        support[members(frontier, m)] = -np.inf
        tolerance = near(support)
        record_round(rounds, support, tolerance)
        frontier = frontier.advance(support, tolerance, limit)
    return frontier.elected(m, limit)


def elect_by_monroe(batch: ApprovalBatch, seats: int, limit: int) -> ElectedCommittees:
    """Monroe's rule: each member represents an equal part of the voters, and as many voters as
    possible are represented by somebody they approve.

    Where the weights are whole numbers the parts differ by at most one voter; otherwise they are
    equal. The score of a committee is a maximum flow, so by its minimum cut it is the minimum over
    parts T of the committee of: the voters who approve somebody outside T + the room of T.
    """
    m, masks = batch.candidates, all_committees(batch.candidates, seats)
    whole = (np.abs(batch.weight - np.round(batch.weight)) < 1e-9).all(axis=1)
    part = np.where(whole, np.floor(batch.total / seats + 1e-9), batch.total / seats)
    over = np.where(whole, np.round(batch.total - part * seats), 0.0)
    union = batch.union_weight
    kept = all_committees(seats, 1)  # bits of the members within the committee
    places = np.nonzero(_bits(masks, m))[1].reshape(len(masks), seats)
    bit = np.int64(1) << (m - 1 - places)
    score = np.full((len(batch.weight), len(masks)), np.inf)
    for chosen in range(1 << seats):
        inside = (chosen & kept) > 0
        rest = (bit * inside).sum(axis=1)
        outside = seats - int(inside.sum())
        room = outside * part + np.minimum(over, outside)
        np.minimum(score, union[:, rest] + room[:, None], out=score)
    return best_committees(score, masks, m, batch.tolerance, limit)


def _bits(masks: np.ndarray, m: int) -> np.ndarray:
    return (masks[:, None] >> np.arange(m - 1, -1, -1)) & 1
