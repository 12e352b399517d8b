"""Thiele's rules: a voter with j elected candidates adds w₁ + … + w_j to a committee's score.

Approval voting has the weights 1, 1, 1, …; proportional approval voting (PAV) 1, 1/2, 1/3, …;
Chamberlin–Courant (CC) 1, 0, 0, …; Sainte-Laguë approval voting (SLAV) 1, 1/3, 1/5, …
Source: Lackner and Skowron, Multi-Winner Voting with Approval Preferences (2023), chapter 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, islice

import numpy as np

from scrl.committees.approvals import committee_count
from scrl.committees.batches import (
    ApprovalBatch,
    ElectedCommittees,
    all_committees,
    best_committees,
    members_of,
)
from scrl.committees.integer_programmes import best_thiele_committees
from scrl.committees.rounds import ElectionRound, Frontier, record_round
from scrl.types import InputError

#: Most committees times distinct ballots that are enumerated; beyond, integer programming.
MAX_ENUMERATED = 20_000_000
#: Committees times ballots that are scored at once.
_BLOCK = 4_000_000
#: Most committees that a separable rule lists at once.
_MAX_LISTED = 5_000


def thiele_weights(name: str, seats: int) -> np.ndarray:
    """The weights w₁ … w_seats of a named rule: ``av``, ``pav``, ``cc``, ``slav`` or ``geometric``
    (1/2, 1/4, 1/8, …).

    Raises:
        InputError: for another name.
    """
    j = np.arange(1, seats + 1, dtype=float)
    weights = {
        "av": np.ones(seats), "pav": 1 / j, "cc": (j == 1) * 1.0, "slav": 1 / (2 * j - 1),
        "geometric": 0.5**j,
    }  # fmt: skip
    if name not in weights:
        raise InputError(f"Thiele's weights are {', '.join(weights)}, not {name!r}.")
    return weights[name]


def checked_weights(weights: Sequence[float] | np.ndarray | str, seats: int) -> np.ndarray:
    """``seats`` weights of a Thiele rule, from a name or from numbers; missing ones are 0.

    Raises:
        InputError: they are negative or rise.
    """
    if isinstance(weights, str):
        return thiele_weights(weights, seats)
    given = np.asarray(weights, float)[:seats]
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
        raise InputError("Thiele's weights are a list of numbers such as [1, 1/2, 1/3].")
    if given.min() < 0 or (np.diff(given) > 1e-12).any() or given[0] <= 0:
        raise InputError("Thiele's weights begin above 0 and never rise, such as [1, 1/2, 1/3].")
    return np.append(given, np.zeros(seats - len(given)))


def elect_thiele(
    batch: ApprovalBatch, seats: int, weights: np.ndarray, limit: int, time_limit: float = 60.0
) -> ElectedCommittees:
    """The committees with the highest score, by enumeration or by integer programming.

    Args:
        weights: ``[seats]``, not rising.
        limit: most committees of a profile.
        time_limit: seconds for each integer programme.
    """
    m = batch.candidates
    sets, _ = batch.histogram
    if committee_count(m, seats) * len(sets) > MAX_ENUMERATED:
        start = elect_sequentially(batch, seats, weights, 1).members
        return best_thiele_committees(batch, seats, weights, limit, time_limit, start)
    masks = all_committees(m, seats)
    score = thiele_scores(batch, masks, weights)
    return best_committees(score, masks, m, batch.tolerance * weights[0], limit)


def thiele_scores(batch: ApprovalBatch, masks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The score of each committee in each profile ``[profiles, committees]``."""
    sets, count = batch.histogram
    worth = np.concatenate([[0.0], np.cumsum(weights)])
    block = max(1, _BLOCK // max(len(sets), 1))
    parts = []
    for start in range(0, len(masks), block):
        shared = np.bitwise_count(sets[:, None] & masks[None, start : start + block])
        parts.append(count @ worth.take(shared))
    return np.concatenate(parts, axis=1)


def elect_sequentially(
    batch: ApprovalBatch,
    seats: int,
    weights: np.ndarray,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> ElectedCommittees:
    """Each round adds the candidate that raises the score most.

    Args:
        weights, limit: as in ``elect_thiele``.
        rounds: list to which the rounds of the first profile are added.
    """
    batch, following = batch.compact, np.append(weights, 0.0)
    frontier = Frontier.start(len(batch.weight))
    for _ in range(seats):
        gain = _marginal_scores(batch, frontier, following)
        gain[members(frontier, batch.candidates)] = -np.inf
        tolerance = frontier.rows_of(batch.tolerance) * weights[0]
        record_round(rounds, gain, tolerance)
        frontier = frontier.advance(gain, tolerance, limit)
    return frontier.elected(batch.candidates, limit)


def elect_by_removal(
    batch: ApprovalBatch,
    seats: int,
    weights: np.ndarray,
    limit: int,
    rounds: list[ElectionRound] | None = None,
) -> ElectedCommittees:
    """From all candidates, each round removes the one whose loss lowers the score least.

    Args:
        weights: ``[candidates]``, since early committees are larger.
        limit, rounds: as in ``elect_sequentially``. With a limit of 1 the last of tied candidates
            is removed.
    """
    batch, m = batch.compact, batch.candidates
    worth = np.concatenate([[0.0], weights])
    frontier = Frontier.start(len(batch.weight), (1 << m) - 1)
    for _ in range(m - seats):
        kept = -_marginal_scores(batch, frontier, worth)
        kept[~members(frontier, m)] = -np.inf
        tolerance = frontier.rows_of(batch.tolerance) * weights[0]
        if limit == 1:
            last = kept >= (kept.max(axis=1) - tolerance)[:, None]
            at = m - 1 - last[:, ::-1].argmax(axis=1)
            record_round(rounds, kept, tolerance)
            _set_last(rounds, int(at[0]))
            frontier = Frontier(
                frontier.profile,
                frontier.committee ^ (np.int64(1) << (m - 1 - at)),
                frontier.all_found & (last.sum(axis=1) == 1),
            )
            continue
        record_round(rounds, kept, tolerance)
        frontier = frontier.advance(kept, tolerance, limit)
    return frontier.elected(m, limit)


def _set_last(rounds: list[ElectionRound] | None, chosen: int) -> None:
    """Let the last round choose ``chosen``."""
    if rounds:
        rounds[-1] = ElectionRound(chosen, rounds[-1].tied, rounds[-1].score)


def _marginal_scores(batch: ApprovalBatch, frontier: Frontier, worth: np.ndarray) -> np.ndarray:
    """What the approvals of each candidate are worth, ``worth[j]`` from a voter with j elected
    candidates ``[states, candidates]``."""
    masks = frontier.rows_of(batch.masks)
    shared = np.bitwise_count(masks & frontier.committee.astype(masks.dtype)[:, None])
    value = worth.take(shared) * frontier.rows_of(batch.weight)
    return batch.support(value, frontier.rows)


def members(frontier: Frontier, m: int) -> np.ndarray:
    """The members of each partial committee ``[states, candidates]``."""
    return (frontier.committee[:, None] >> np.arange(m - 1, -1, -1)) & 1 == 1


def elect_by_points(
    points: np.ndarray, seats: int, tolerance: np.ndarray, limit: int
) -> ElectedCommittees:
    """The committees of the candidates with most points.

    Args:
        points: ``[profiles, candidates]``.
        tolerance: of ties ``[profiles]``.
    """
    m = points.shape[1]
    if committee_count(m, seats) <= _MAX_LISTED:
        score = points @ _membership(m, seats)
        return best_committees(score, all_committees(m, seats), m, tolerance, limit)
    return _top_points(points, seats, tolerance, limit)


@lru_cache(maxsize=64)
def _membership(m: int, seats: int) -> np.ndarray:
    """1 where a candidate is a member ``[candidates, committees]``."""
    return members_of(all_committees(m, seats), m).T.astype(float)


def _top_points(
    points: np.ndarray, seats: int, tolerance: np.ndarray, limit: int
) -> ElectedCommittees:
    """As ``elect_by_points`` where the committees are too many to list."""
    profiles, m = points.shape
    profile, chosen, all_found = [], [], np.ones(profiles, bool)
    for p in range(profiles):
        cut = np.sort(points[p])[m - seats]
        certain = np.flatnonzero(points[p] > cut + tolerance[p])
        tied = np.flatnonzero(np.abs(points[p] - cut) <= tolerance[p])
        free = seats - len(certain)
        rows = []
        for extra in islice(combinations(tied.tolist(), free), limit):
            row = np.zeros(m, bool)
            row[certain] = row[list(extra)] = True
            rows.append(row)
        all_found[p] = committee_count(len(tied), free) <= limit
        profile += [p] * len(rows)
        chosen += rows
    score = np.sort(points, axis=1)[:, m - seats :].sum(axis=1)
    return ElectedCommittees(np.array(profile), np.array(chosen), score, all_found)
